// Package intake takes events from the recorded program and whatever it starts,
// over a Unix socket that only its user can reach: one JSON event a line, each
// answered by {"ack":"<id>"} after it was committed, or by {"error":"..."}, in
// the order of the lines. It does not know what becomes of the events.
package intake
