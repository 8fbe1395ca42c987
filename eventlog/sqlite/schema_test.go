package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDocumented holds the page about the format to what is written.
func TestDocumented(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("..", "..", "docs", "format", "native-sqlite.md"))
	if err != nil {
		t.Fatal(err)
	}
	statements := append([]string{eventsDDL}, tablesDDL...)
	for _, column := range ourColumns {
		statements = append(statements, "ALTER TABLE events ADD COLUMN "+column+" TEXT")
	}
	for _, statement := range statements {
		if !strings.Contains(string(body), "```sql\n"+statement+"\n```") {
			t.Errorf("not documented:\n%s", statement)
		}
	}
	for _, number := range []string{fmt.Sprint("`", Version, "`"), fmt.Sprint("`", ApplicationID, "`")} {
		if !strings.Contains(string(body), number) {
			t.Errorf("not documented: %s", number)
		}
	}
	path := filepath.Join(t.TempDir(), "a.sqlite")
	create(t, path, Options{})
	tables, err := open(t, path).Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tables["events"], slices.Concat(theirColumns, ourColumns); !slices.Equal(got, want) {
		t.Errorf("events has the columns %q, want %q", got, want)
	}
	for name, columns := range tables {
		for _, column := range columns {
			if !strings.Contains(string(body), column) {
				t.Errorf("not documented: %s.%s", name, column)
			}
		}
	}
}
