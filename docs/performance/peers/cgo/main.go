// Command cgo writes events into a store by the driver that calls SQLite's own C, and
// prints how many rows a second it wrote. The tables are those of a store that
// lazytrace made, the rows those of its benchmark, and the pragmas the same.
package main

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

const insert = `INSERT INTO events (session_id, run_id, event_type, payload, ts, lt_id, lt_parent_run_id)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (session_id, lt_id) WHERE lt_id IS NOT NULL DO NOTHING`

func main() {
	like := flag.String("like", "", "a store whose tables are taken")
	rows := flag.Int("rows", 30_000, "rows to write")
	batch := flag.Int("batch", 100, "rows a commit")
	synchronous := flag.String("synchronous", "NORMAL", "NORMAL or FULL")
	flag.Parse()
	perSecond, err := write(*like, *rows, *batch, *synchronous)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%.0f\n", perSecond)
}

func write(like string, rows, batch int, synchronous string) (perSecond float64, err error) {
	ddl, err := tables(like)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "cgo-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := sql.Open("sqlite3", filepath.Join(dir, "a.sqlite"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, statement := range append([]string{"PRAGMA trusted_schema = 0", "PRAGMA cell_size_check = 1", "PRAGMA synchronous = " + synchronous, "PRAGMA journal_size_limit = 67108864", "PRAGMA journal_mode = WAL"}, ddl...) {
		if _, err := db.Exec(statement); err != nil {
			return 0, fmt.Errorf("%s: %w", statement, err)
		}
	}
	prepared, err := db.Prepare(insert)
	if err != nil {
		return 0, err
	}
	text := strings.Repeat("lorem ip", 106)
	began := time.Now()
	for n := 0; n < rows; {
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		into := tx.Stmt(prepared)
		for i := range batch {
			payload := fmt.Sprintf(`{"agent_name": "writer", "n": %d, "text": "%s"}`, i, text)
			if _, err := into.Exec("s", "run", "tool_result", payload, 1_763_629_200+float64(n)/10, fmt.Sprint("event-", n), nil); err != nil {
				return 0, err
			}
			n++
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	return float64(rows) / time.Since(began).Seconds(), nil
}

// tables are the statements that made the tables and indexes of a store.
func tables(path string) (ddl []string, err error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := db.Query("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index', rowid")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var statement string
		if err := found.Scan(&statement); err != nil {
			return nil, err
		}
		ddl = append(ddl, statement)
	}
	return ddl, found.Err()
}
