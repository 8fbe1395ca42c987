// Package lines turns what a program prints into events: lines that are events
// become those, every other line becomes a log event. The program is never
// made to wait for it, unless it prints events faster than they can be kept.
package lines
