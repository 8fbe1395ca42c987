// Package check judges sessions by rules: how much one may cost, take or fail, what
// may not happen in it, and how far it may fall behind another one. It spells what it
// found for people and for the machines that run tests. It reads nothing: what a
// session comes to is given to it.
package check
