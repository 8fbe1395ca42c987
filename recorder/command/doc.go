// Package command records a program: it starts it, ties the capture layers to
// the pipeline, tells the log how the session begins and ends, and returns the
// program's exit code. Whatever goes wrong with the recording, the program
// runs as it would have without it.
package command
