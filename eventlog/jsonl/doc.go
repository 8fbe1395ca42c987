// Package jsonl reads logs that hold one JSON object a line: it finds the
// lines, takes an object apart without decoding it, and follows a file that is
// being written. It knows JSON and files, and nothing of events.
//
// # What it tolerates
//
// Real writers write what the grammar forbids, and a viewer that refuses the
// whole line for it hides the very event that somebody is looking for. So the
// scanner takes every text that encoding/json takes, and also
//
//   - the literals NaN, Infinity and -Infinity,
//   - raw control bytes and invalid UTF-8 inside strings,
//   - escapes inside strings that JSON does not know, or that are cut short,
//   - nesting of any depth.
//
// [Fields] and [Elements] look at one level only. Of a nested value they check
// that its strings end and that its brackets balance, which is enough to tell
// a torn line, or two lines glued together, from a whole one; [Valid] looks at
// every level. [Repair] makes strict JSON of what was tolerated.
package jsonl
