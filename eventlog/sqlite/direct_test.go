package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/lazytrace/lazytrace/eventlog"
)

// TestHandle fails when a new version of the driver keeps its handle elsewhere: all
// is still read then, but slowly.
func TestHandle(t *testing.T) {
	r := open(t, database(t, eventsDDL))
	if err := r.conn.Raw(func(conn any) error {
		if handleOf(conn) == 0 {
			t.Errorf("no handle in %T", conn)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, other := range []any{nil, 5, &struct{ db string }{"x"}, &struct{ tls int }{1}} {
		if handleOf(other) != 0 {
			t.Errorf("a handle in %T", other)
		}
	}
}

// told is what a scan gives, one row or error a line. between is called with every row.
func told(t *testing.T, path string, by way, table eventlog.Table, between func(n int)) string {
	t.Helper()
	r := open(t, path)
	r.plans.by = by
	// As maxLength does, with rows that are made sooner.
	if _, err := driver.Limit(r.conn, lib.SQLITE_LIMIT_LENGTH, 4<<20); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	after, n := []int64{Start}, 0
	for {
		err := r.Scan(t.Context(), []eventlog.Table{table}, after, func(record eventlog.Record) error {
			fmt.Fprint(&b, record.Pos, " ", record.Size)
			for _, c := range record.Cells {
				b.WriteString(" " + spell(c))
			}
			b.WriteByte('\n')
			between(n)
			n++
			return nil
		})
		var bad *RowError
		if err != nil {
			b.WriteString(err.Error() + "\n")
		}
		if !errors.As(err, &bad) {
			return b.String()
		}
		after[0] = bad.Key
	}
}

// sameBothWays reads databases that are made alike in both ways and returns what came.
func sameBothWays(t *testing.T, build func(t *testing.T) string, table eventlog.Table, between func(path string, n int)) string {
	t.Helper()
	var got [2]string
	for i, by := range []way{driven, straight} {
		path := build(t)
		got[i] = strings.ReplaceAll(told(t, path, by, table, func(n int) {
			if between != nil {
				between(path, n)
			}
		}), filepath.Dir(path), "DIR")
	}
	if got[0] != got[1] {
		a, b := strings.Split(got[0], "\n"), strings.Split(got[1], "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("line %d by the driver:\n%.300s\nand without it:\n%.300s", i, a[i], b[i])
				break
			}
		}
		t.Errorf("%d lines by the driver, %d without it", len(a), len(b))
	}
	return got[1]
}

// varied are rows of all that a cell can hold.
var varied = []string{
	"CREATE TABLE t (a, b TEXT, c REAL, d BLOB, e INTEGER, f TIMESTAMP, g BOOLEAN, h AS (length(b)))",
	"INSERT INTO t VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
	"INSERT INTO t VALUES (-9223372036854775808, 'x', 1, x'00ff', 9223372036854775807, '2026-11-20 09:00:00', 1)",
	"INSERT INTO t VALUES (9e999, '', -0.5, x'', 'no number', 1763629200, 'true')",
	"INSERT INTO t VALUES (-9e999, 'a' || char(0) || 'b', 1e300, zeroblob(70000), '12', '', 0)",
	"INSERT INTO t VALUES (CAST(x'22ff22' AS TEXT), 'é\u20ac\U0001f600', 'text', 'text', 1.5, x'31', NULL)",
	"INSERT INTO t VALUES (hex(zeroblob(1000000)), hex(zeroblob(300)), 9007199254740993, zeroblob(0), 0, -1.0, 2)",
	"INSERT INTO t (rowid, a) VALUES (-5, 'before'), (-9223372036854775808, 'first'), (9223372036854775807, 'last')",
}

func TestBothWaysOfVariedRows(t *testing.T) {
	columns := []string{"a", "B", "missing", "c", "d", "e", "f", "g", "h", "b"}
	for _, first := range []string{"PRAGMA page_size = 512", "PRAGMA encoding = 'UTF-16le'", "PRAGMA encoding = 'UTF-16be'", "PRAGMA journal_mode = WAL"} {
		got := sameBothWays(t, func(t *testing.T) string { return database(t, append([]string{first}, varied...)...) },
			eventlog.Table{Name: "T", Columns: columns}, nil)
		if n := strings.Count(got, "\n"); n != 9 || !strings.Contains(got, `"a\x00b"`) || !strings.Contains(got, `"é€😀"`) {
			t.Errorf("%s: %d lines: %.500s", first, n, got)
		}
	}
}

func TestBothWaysOfWhatCannotBeRead(t *testing.T) {
	for _, of := range []struct{ table, made, want string }{
		{"keyless", "CREATE TABLE keyless (x PRIMARY KEY) WITHOUT ROWID", "no integer key"},
		{"v", "CREATE VIEW v AS SELECT 1 AS x", "a view"},
		{"nothing", "CREATE TABLE other (x)", "no such table"},
		{"strict", "CREATE TABLE strict (x INT) STRICT; INSERT INTO strict VALUES (5)", "1 8 5\n"},
		{"big", "CREATE TABLE big (x); INSERT INTO big VALUES (1), (hex(zeroblob(2100000))), (3)", "larger than what is read"},
	} {
		got := sameBothWays(t, func(t *testing.T) string { return database(t, of.made) }, eventlog.Table{Name: of.table, Columns: []string{"x"}}, nil)
		if !strings.Contains(got, of.want) {
			t.Errorf("%s: %q, want %q", of.table, got, of.want)
		}
	}
}

// TestBothWaysOfDamage overwrites pages of a database, one after the other.
func TestBothWaysOfDamage(t *testing.T) {
	_, body := finished(t)
	holes := 0
	for page := 1; page < len(body)/pageSize; page += 19 {
		got := sameBothWays(t, func(t *testing.T) string {
			broken := bytes.Clone(body)
			copy(broken[page*pageSize:], bytes.Repeat([]byte{0xaa}, pageSize))
			path := filepath.Join(t.TempDir(), "a.sqlite")
			if err := os.WriteFile(path, broken, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, eventsTable()[0], nil)
		holes += strings.Count(got, "damaged")
	}
	if holes == 0 {
		t.Error("no damage was found")
	}
}

// TestBothWaysWhileOthersWrite has rows appended and a column added while a page is
// being read: the next page has them.
func TestBothWaysWhileOthersWrite(t *testing.T) {
	var writer *sql.DB
	defer func() {
		if writer != nil {
			writer.Close()
		}
	}()
	got := sameBothWays(t, func(t *testing.T) string {
		return database(t, "PRAGMA journal_mode = WAL", "CREATE TABLE t (a, b)",
			fmt.Sprintf("WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) INSERT INTO t SELECT i, 'row ' || i FROM c", 2*pageRows+10))
	}, eventlog.Table{Name: "t", Columns: []string{"a", "later", "b"}}, func(path string, n int) {
		var statements []string
		switch n {
		case 0:
			var err error
			if writer, err = sql.Open("sqlite", uri(path, "")); err != nil {
				t.Fatal(err)
			}
		case 5:
			statements = []string{"ALTER TABLE t ADD COLUMN later DEFAULT 'added'", "INSERT INTO t VALUES ('new', 'gone', 'seen')"}
		case pageRows + 5:
			statements = []string{"ALTER TABLE t DROP COLUMN b", "DELETE FROM t WHERE rowid > 2 * " + fmt.Sprint(pageRows) + " AND a <> 'new'"}
		case 2 * pageRows:
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			writer = nil
		}
		for _, statement := range statements {
			if _, err := writer.Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	})
	lines := strings.Split(got, "\n")
	for n, want := range map[int]string{
		0: `1 13 1 null "row 1"`, pageRows - 1: fmt.Sprintf(`%d 16 %[1]d null "row %[1]d"`, pageRows),
		pageRows:     fmt.Sprintf(`%d 21 %[1]d "added" "row %[1]d"`, pageRows+1),
		2 * pageRows: fmt.Sprintf(`%d 7 "new" "seen" null`, 2*pageRows+11),
	} {
		if n >= len(lines) || lines[n] != want {
			t.Errorf("line %d of %d: %q, want %q", n, len(lines), lines[min(n, len(lines)-1)], want)
		}
	}
}

// TestScanAllocatesNothingForRows: what a page takes is not a matter of its rows.
func TestScanAllocatesNothingForRows(t *testing.T) {
	r := open(t, database(t, eventsDDL, numbered(pageRows)))
	if n := testing.AllocsPerRun(3, func() { count(t, r) }); n > pageRows/10 {
		t.Errorf("%v allocations for %d rows", n, pageRows)
	}
}
