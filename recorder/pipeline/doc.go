// Package pipeline takes events from every capture layer through one pipeline,
// one way: stamp, redact, queue, commit, fan out. Nothing is stored or exported
// before it was redacted, nothing is acknowledged before it was committed, and
// nothing is dropped without being counted.
//
// It starts no programs and knows no protocols: those are the layers under
// capture, and package command ties them together.
package pipeline
