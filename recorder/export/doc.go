// Package export holds the sinks that stand beside the store: JSON lines and
// the console. They take events that are redacted already and know nothing of
// how those came about.
package export
