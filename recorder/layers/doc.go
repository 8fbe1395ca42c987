// Package layers knows what the capture layers of one recording have told, so
// that what several of them see is one thing and counts once.
//
// The capture proxy, the agent's own transcript, its telemetry and its output may
// all tell of one model call, each in its own words and at its own time. A layer
// asks here before it hands an event on, and is told which name the call goes by
// and which layers saw it so far. Whatever was stored before stays as it is; the
// index and the ledger join the records by these names.
package layers
