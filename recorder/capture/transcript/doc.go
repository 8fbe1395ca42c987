// Package transcript follows what an agent program writes about itself while it
// runs: the transcript of its conversation, and of those of its sub-agents. It
// says more than the program prints, and costs the program nothing.
//
// The files are read as the explorer reads them, by package source, and nothing
// of them is changed. What a conversation held before the recording began is left
// to its own log. A machine may run several agents at once, so a conversation is
// taken only when something says that the recorded program holds it.
package transcript
