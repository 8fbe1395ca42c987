// Package foreign spells events that a dialect decoded from somebody else's log
// as the recorder stores them, so that whoever reads the store finds what the
// reader of that log would have found: the same tree, calls, tokens and times.
//
// It serves every layer that is told of a run in a foreign format: telemetry
// that is sent, transcripts that are followed, lines on standard output.
package foreign
