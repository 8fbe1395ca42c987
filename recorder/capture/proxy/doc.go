// Package proxy stands between a program and the model providers that it calls,
// and makes events of what they say to each other. It listens on the loopback
// interface only, for those who know a secret, and passes on to a few fixed
// providers. What it passes on it does not touch: events are made of copies, by
// another goroutine, and when there is no room for a copy it is left out and
// counted, while the bytes flow.
package proxy
