package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// report is everything that was found out, as --json prints it.
type report struct {
	Size    string            `json:"size"`
	Runs    int               `json:"runs"`
	Machine string            `json:"machine"`
	Peers   map[string]string `json:"peers"`   // name to version
	Missing []string          `json:"missing"` // peers that are not here
	Rows    []*Row            `json:"rows"`
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// text prints the rows below each other, a heading before each group.
func (r *report) text(w io.Writer) {
	fmt.Fprintf(w, "%s, medians of %d, %s\n", r.Size, r.Runs, r.Machine)
	cells := [][]string{{"", "goal", "measured", "holds", "lazytrace", "peer"}}
	for i, row := range r.Rows {
		if i == 0 || r.Rows[i-1].Group != row.Group {
			cells = append(cells, []string{row.Group})
		}
		cells = append(cells, row.cells())
	}
	layOut(w, cells)
	for _, name := range r.Missing {
		fmt.Fprintf(w, "skipped: %s is not here\n", name)
	}
}

func (r *Row) cells() []string {
	name := "  " + r.Name
	if r.Skipped != "" {
		return []string{name, r.Goal.String(), "skipped", "", r.Skipped}
	}
	measured, holds := "never", "-"
	if r.Measured != nil {
		measured = amount(*r.Measured, r.Unit)
	}
	if r.Holds != nil {
		holds = map[bool]string{true: "yes", false: "NO"}[*r.Holds]
	}
	c := []string{name, r.Goal.String(), measured, holds, r.Ours.String(), r.Theirs.String()}
	if r.Note != "" {
		c[5] = strings.TrimSpace(c[5] + "  (" + r.Note + ")")
	}
	return c
}

// layOut gives each column the width of its widest cell. A cell that is the last of
// its line makes no column wider.
func layOut(w io.Writer, lines [][]string) {
	var widths []int
	for _, line := range lines {
		for i, cell := range line[:len(line)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(cell)
			if i < len(line)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
