package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// database makes one from statements.
func database(t testing.TB, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.sqlite")
	db, err := sql.Open("sqlite", uri(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return path
}

// numbered inserts events with the keys 1 to n.
func numbered(n int) string {
	return fmt.Sprintf(`WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d)
INSERT INTO events SELECT i, 's', NULL, 'x', '{}', 1 FROM c`, n)
}

func spell(c eventlog.Cell) string {
	switch c.Type {
	case eventlog.Integer:
		return fmt.Sprint(c.Int)
	case eventlog.Real:
		return fmt.Sprint(c.Real, "r")
	case eventlog.Text:
		return fmt.Sprintf("%q", c.Text)
	case eventlog.Blob:
		return fmt.Sprintf("x%x", c.Text)
	}
	return "null"
}

func TestCells(t *testing.T) {
	path := database(t,
		"CREATE TABLE T (a, b TEXT, c TIMESTAMP, \"odd \"\"name\", rowid TEXT)",
		"INSERT INTO t VALUES (1, 'x', '2026-11-20 09:00:00', x'00ff', 'shadow')",
		"INSERT INTO t VALUES (-9223372036854775808, NULL, 5, '', '')",
		"INSERT INTO t VALUES (1e300, 'r' || char(0) || 'z', '2026-11-20T09:00:00Z', x'', 7)",
		"INSERT INTO t VALUES (-0.5, CAST(x'22ff22' AS TEXT), '', 'é', NULL)",
	)
	table := eventlog.Table{Name: "t", Key: "a", Columns: []string{"A", "b", "missing", "c", `odd "name`, "rowid"}}
	want := []string{
		`1 1 "x" null "2026-11-20 09:00:00" x00ff "shadow"`,
		`2 -9223372036854775808 null null 5 "" ""`,
		`3 1e+300r "r\x00z" null "2026-11-20T09:00:00Z" x "7"`,
		`4 -0.5r "\"\xff\"" null "" "é" null`,
	}
	r := open(t, path)
	var got []string
	line := func(record eventlog.Record) string {
		line := fmt.Sprint(record.Pos)
		for _, cell := range record.Cells {
			line += " " + spell(cell)
		}
		return line
	}
	if err := r.Scan(t.Context(), []eventlog.Table{table}, nil, func(record eventlog.Record) error {
		got = append(got, line(record))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, want := range want {
		if record, err := r.At(t.Context(), table, int64(i+1)); err != nil || line(record) != want {
			t.Errorf("row %d: %s, %v; want %s", i+1, line(record), err, want)
		}
	}
	if _, err := r.At(t.Context(), table, 99); !errors.Is(err, ErrNoRow) {
		t.Errorf("row 99: %v", err)
	}
}

func TestKeys(t *testing.T) {
	path := database(t, eventsDDL,
		numbered(4500),
		"INSERT INTO events VALUES (-9223372036854775808, 's', NULL, 'x', '{}', 1), (-5, 's', NULL, 'x', '{}', 1), (0, 's', NULL, 'x', '{}', 1)",
		"INSERT INTO events VALUES (9223372036854775807, 's', NULL, 'x', '{}', 1)",
		"CREATE TABLE other (x)", "INSERT INTO other VALUES (1), (2), (3)", "CREATE TABLE none (x)")
	r := open(t, path)
	tables := []eventlog.Table{eventsTable()[0], {Name: "other", Columns: []string{"x"}}, {Name: "none"}}
	for _, test := range []struct {
		after []int64
		want  string
	}{
		{nil, "4504 from -9223372036854775808 to 9223372036854775807, 3 from 1 to 3, 0 from 0 to 0"},
		{[]int64{Start}, "4504 from -9223372036854775808 to 9223372036854775807, 3 from 1 to 3, 0 from 0 to 0"},
		{[]int64{0, 2, 0}, "4501 from 1 to 9223372036854775807, 1 from 3 to 3, 0 from 0 to 0"},
		{[]int64{-6, 3}, "4503 from -5 to 9223372036854775807, 0 from 0 to 0, 0 from 0 to 0"},
		{[]int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}, "0 from 0 to 0, 0 from 0 to 0, 0 from 0 to 0"},
	} {
		var n, first, last [3]int64
		if err := r.Scan(t.Context(), tables, test.after, func(record eventlog.Record) error {
			if n[record.Table] == 0 {
				first[record.Table] = record.Pos
			}
			n[record.Table]++
			last[record.Table] = record.Pos
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range n {
			got = append(got, fmt.Sprintf("%d from %d to %d", n[i], first[i], last[i]))
		}
		if s := strings.Join(got, ", "); s != test.want {
			t.Errorf("after %v: %s, want %s", test.after, s, test.want)
		}
	}
	for i, want := range []int64{math.MaxInt64, 3, Start} {
		if key, err := r.MaxKey(t.Context(), tables[i]); err != nil || key != want {
			t.Errorf("greatest key of %s: %d, %v; want %d", tables[i].Name, key, err, want)
		}
	}
}

func TestScanStops(t *testing.T) {
	path := database(t, eventsDDL, numbered(10),
		"CREATE VIEW v AS SELECT * FROM events", "CREATE TABLE keyless (x PRIMARY KEY) WITHOUT ROWID")
	r := open(t, path)
	mine := errors.New("enough")
	n := 0
	if err := r.Scan(t.Context(), eventsTable(), nil, func(eventlog.Record) error {
		if n++; n == 3 {
			return mine
		}
		return nil
	}); err != mine || n != 3 {
		t.Errorf("%d rows, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	if err := r.Scan(ctx, eventsTable(), nil, func(eventlog.Record) error { n++; cancel(); return nil }); !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("cancelled: %d rows, %v", n, err)
	}
	if n := count(t, r); n != 10 {
		t.Errorf("after a cancelled scan: %d rows", n)
	}
	for name, want := range map[string]error{"v": ErrView, "nothing": ErrNoTable, `e"; --`: ErrNoTable, "keyless": ErrNoTable} {
		if err := r.Scan(t.Context(), []eventlog.Table{{Name: name}}, nil, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if views, err := r.Views(t.Context()); err != nil || strings.Join(views, " ") != "v" {
		t.Errorf("views %q, %v", views, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Tables(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestTooBig has one row over the limit between two others, and a row whose
// column would compute one.
func TestTooBig(t *testing.T) {
	path := database(t, eventsDDL,
		"INSERT INTO events VALUES (1, 's', NULL, 'x', '{}', 1), (7, 's', NULL, 'x', hex(zeroblob(33600000)), 1), (9, 's', NULL, 'x', '{}', 1)")
	r := open(t, path)
	var keys []int64
	after := []int64{Start}
	for {
		err := r.Scan(t.Context(), eventsTable(), after, func(record eventlog.Record) error {
			keys = append(keys, record.Pos)
			return nil
		})
		if err == nil {
			break
		}
		var e *RowError
		if !errors.As(err, &e) || e.Key != 7 || !errors.Is(err, ErrTooBig) {
			t.Fatalf("keys %v, then %v", keys, err)
		}
		after[0] = e.Key
	}
	if fmt.Sprint(keys) != "[1 9]" {
		t.Errorf("keys %v", keys)
	}
	if _, err := r.At(t.Context(), eventsTable()[0], 7); !errors.Is(err, ErrTooBig) {
		t.Errorf("row 7: %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	e := eventlog.Event{ID: "é\xff", SessionID: "s\x00\x1b[31m", RunID: "r", ParentRunID: "p", Type: "my_type",
		Kind: eventlog.ToolCall, Time: moment + 999, Payload: []byte(`{"a": "ü\u0000"}`)}
	if err := s.WriteEvents(t.Context(), []eventlog.Event{e, {}}); err != nil {
		t.Fatal(err)
	}
	r := open(t, path)
	table := eventlog.Table{Name: "events", Columns: []string{"session_id", "run_id", "event_type", "payload", "ts", "lt_id", "lt_parent_run_id"}}
	var got []string
	if err := r.Scan(t.Context(), []eventlog.Table{table}, nil, func(record eventlog.Record) error {
		for _, c := range record.Cells {
			got = append(got, spell(c))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := `"s\x00\x1b[31m" "r" "my_type" "{\"a\": \"ü\\u0000\"}" 1.763636400123456e+09r "é�" "p"` +
		` "" null "custom" "{}" 0r null null`
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if version, err := r.UserVersion(t.Context()); err != nil || version != Version {
		t.Errorf("user version %d, %v", version, err)
	}
}

// TestFull has no room left in the middle of a batch.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	if err := s.WriteEvents(t.Context(), someEvents("s", 0, 10)); err != nil {
		t.Fatal(err)
	}
	if err := s.exec(t.Context(), "PRAGMA max_page_count = 40"); err != nil {
		t.Fatal(err)
	}
	err := s.WriteEvents(t.Context(), someEvents("s", 10, 5000))
	if !errors.Is(err, ErrFull) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("full: %v", err)
	}
	if n := count(t, open(t, path)); n != 10 {
		t.Errorf("%d rows, want the 10 of the first batch", n)
	}
	if err := s.exec(t.Context(), "PRAGMA max_page_count = 4294967294"); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteEvents(t.Context(), someEvents("s", 10, 5000)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestLongScanLetsTheWriterTidyUp: between two pages the writer can take its
// whole log into the database.
func TestLongScanLetsTheWriterTidyUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	if err := s.WriteEvents(t.Context(), someEvents("s", 0, 3*pageRows)); err != nil {
		t.Fatal(err)
	}
	// The pages of a scan, taken one at a time.
	r := open(t, path)
	seen := 0
	sc := scan{plans: &r.plans, table: eventsTable()[0], from: Start, fn: func(eventlog.Record) error { seen++; return nil }}
	for sc.more = true; sc.more; {
		if err := r.use(t.Context(), "read", func(c *sql.Conn) error { return sc.page(t.Context(), c) }); err != nil {
			t.Fatal(err)
		}
		sc.advance()
		var busy, log, moved int
		if err := s.conn.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil || busy != 0 {
			t.Errorf("checkpoint between pages: busy %d, %v", busy, err)
		}
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 || seen != 3*pageRows {
		t.Errorf("log %v, %v; %d rows", info, err, seen)
	}
}
