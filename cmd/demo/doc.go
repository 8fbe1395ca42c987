// Package demo is a small agent that really works, on a project that it makes
// itself, with answers of a model that are scripted: nothing to install, no
// key, the same figures every time. It speaks to the recorder as any agent
// can: over the socket that the environment names, with lines of JSON.
package demo
