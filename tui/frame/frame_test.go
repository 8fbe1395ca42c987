package frame

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/tui/theme"
)

func TestRowsAreExactlyAsWide(t *testing.T) {
	th := theme.Look{}.Theme(true)
	for width := range 40 {
		for _, text := range []string{"", "plain", "日本語日本語", "a\x1b[31mb", "👍🏽👍🏽", "e\u0301e\u0301", strings.Repeat("long ", 100)} {
			for name, row := range map[string]string{
				"foreign": NewLine(width, th.Select).Space(1).Foreign(th.Text, text).String(),
				"cell":    NewLine(width, "").Cell(th.Text, text, 7).Cell(th.Dim, text, 9).String(),
				"right":   NewLine(width, "").Right(th.Text, "4.12", 9).Put(th.Dim, "x").String(),
				"title":   Title(th, width, 1, text, true, Part{th.Dim, "right"}),
				"thin":    NewLine(width, "").Thin(th, th.Model, 0.4, 6).String(),
				"meter":   NewLine(width, "").Meter(th, th.Model, 0.4, 6).String(),
				"split":   NewLine(width, "").Split(th, []theme.Style{th.Model, th.Tool}, []float64{1, 2}, 12).String(),
				"joined":  NewLine(width, th.Select).Join(NewLine(5, th.Select).Put(th.Text, "five5")).String(),
			} {
				if n := ansi.StringWidth(row); n != width {
					t.Errorf("%s of %q is %d wide, want %d", name, text, n, width)
				}
				if strings.Contains(ansi.Strip(row), "\x1b") {
					t.Errorf("%s of %q holds an escape", name, text)
				}
			}
		}
	}
}

func TestOver(t *testing.T) {
	rows := []string{"aaaaaaaa", "bbbbbbbb", "cccccccc"}
	got := Over(rows, []string{"XX"}, 8)
	if plain := ansi.Strip(got[1]); plain != "bbbXXbbb" {
		t.Errorf("got %q", plain)
	}
	if rows[1] != "bbbbbbbb" {
		t.Error("the rows below were changed")
	}
}

// A box over characters of two cells leaves the rows as wide as they were.
func TestPatchKeepsWidths(t *testing.T) {
	for left := range 8 {
		for wide := 1; left+wide <= 12; wide++ {
			row := "日本語の報告"
			got := Patch([]string{row}, []string{strings.Repeat("#", wide)}, left, 12)[0]
			if n := Width(ansi.Strip(got)); n != 12 {
				t.Errorf("a box of %d at %d: %d cells: %q", wide, left, n, got)
			}
		}
	}
}

// What has a background of its own ends with its text: blanks behind it have none.
func TestBackgroundsEnd(t *testing.T) {
	th := theme.Look{}.Theme(true)
	back, _ := th.Human.Behind()
	row := NewLine(9, "").Put(th.Fill+back, "xx").Space(2).Put(th.Text, "y").String()
	if i := strings.Index(row, "xx"); !strings.HasPrefix(row[i+2:], "\x1b[0m") {
		t.Errorf("the blanks have the background of the text before: %q", row)
	}
}
