// Package replay keeps what a program and its model providers said to each other,
// and answers from it in the providers' place. What is kept is masked first, and
// requests are known again by hashes of what they ask, in a form that leaves out
// what differs each time. See docs/replay.md.
package replay
