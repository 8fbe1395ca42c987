// Package receiver takes events and OpenTelemetry from the recorded program
// over HTTP: on a loopback address only, from whoever has the token of this
// recording and is no browser. What it answers with 200 is committed. It does
// not know what becomes of the events.
package receiver
