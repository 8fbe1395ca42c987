// Package sqlite keeps event logs in SQLite databases: a Store writes the
// native one, a Reader reads that and any foreign one without changing a byte
// of it. It knows tables, keys and cells; what the cells of a foreign table
// mean is a dialect's business. It is the only package that knows the driver.
//
// The native layout is described in docs/format/native-sqlite.md.
package sqlite
