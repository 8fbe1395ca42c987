// Package export holds the sinks that stand beside the store: the console,
// JSON lines, a structured log, a program, a function, spans of OpenTelemetry,
// and filters before them. They take events that are redacted already and know
// nothing of how those came about; what events mean they take from the reader
// of the log. Parse makes them of texts.
package export
