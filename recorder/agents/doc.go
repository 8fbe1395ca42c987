// Package agents is what is known of agent programs as such: by which names they
// are started, whether they draw on the whole terminal, and in which formats they
// keep what they did. It opens nothing and starts nothing.
package agents
