// Package guard watches a recording while it is made and acts when a limit is
// passed: it tells, or pauses or ends what is recorded. What it decides becomes
// part of the recording.
//
// It decides by the events that were taken, each once, and never makes anybody
// wait: looking at one takes constant time, and everything that takes longer is
// done by a goroutine of its own. It knows no format, no prices and no processes;
// those are given to it.
package guard
