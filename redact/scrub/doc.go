// Package scrub finds the secrets in what lies on disk already, and rewrites it
// so that none are left: streams of lines, documents and texts of any length, in
// bounded memory. It knows bytes, and nothing of events or stores.
package scrub
