// Package lines turns what a program prints into events: lines that are events
// become those, every other line becomes a log event, and lines that come fast
// become one together. The program is made to wait for it only when it prints
// faster than can be kept, and not for long by what stands still.
package lines
