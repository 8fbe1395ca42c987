// Package process runs a program as if nobody were between it and its caller:
// same arguments, folder, descriptors, limits and signals, same exit code. What
// it prints is copied on the way where that does not change what the program
// sees, and it is given a terminal of its own where it would. The package knows
// nothing of events.
package process
