// Package scripted is a provider of models whose answers are written down
// beforehand. It speaks to clients as Anthropic, OpenAI and Google do, in one
// piece and in streams, fails when the script says so, and keeps a ledger of
// all that it served: what a recording of its clients must come to, no more and
// no less. Tests use it, and nothing else does.
package scripted
