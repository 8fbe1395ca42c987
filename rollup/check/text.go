package check

import (
	"bufio"
	"fmt"
	"io"
)

// WriteText writes one line a finding, and one for all of it.
func (r *Report) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i := range r.Findings {
		f := &r.Findings[i]
		line := fmt.Sprintf("%-7s  %s  %s: %s", f.Level, r.rule(f).name(), f.subject(), f.Text)
		if len(f.Places) > 0 {
			line += "  [" + f.Places[0].where()
			if more := len(f.Places) - 1; more > 0 {
				line += fmt.Sprintf(" and %d more", more)
			}
			line += "]"
		}
		fmt.Fprintln(out, r.shown(line+"  -> "+f.Hint))
	}
	fmt.Fprintln(out, r.summary())
	return out.Flush()
}
