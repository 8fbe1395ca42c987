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

// A box over half of a wide character leaves the row as wide as it was.
func TestBoxOverWideCharacters(t *testing.T) {
	for left := range 6 {
		for _, row := range Patch([]string{"字字字字字"}, []string{"box"}, left, 10) {
			if n := Width(strings.ReplaceAll(row, "\x1b[m", "")); n != 10 {
				t.Errorf("from %d on: %d cells: %q", left, n, row)
			}
		}
	}
}
