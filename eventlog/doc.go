// Package eventlog is the domain of lazytrace: events, runs, sessions, spans,
// money, the ledger of billed calls, the catalog of everything that can be
// seen and the log of what has been opened, and the one query that all of them
// answer. It knows no format, no database and no screen, and it uses the
// standard library only.
package eventlog
