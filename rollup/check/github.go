package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteGitHub writes the findings as commands of a workflow, which become annotations.
func (r *Report) WriteGitHub(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i := range r.Findings {
		f := &r.Findings[i]
		command := "::" + f.Level.String() + " "
		if len(f.Places) > 0 {
			p := f.Places[0]
			command += "file=" + property(r.shown(r.near(p.Path))) + ","
			if p.Line > 0 {
				command += fmt.Sprintf("line=%d,", p.Line)
			}
		}
		command += "title=" + property(r.shown(f.Rule+" "+f.What.String()))
		fmt.Fprintln(out, command+"::"+message(r.shown(f.subject()+": "+f.Text)+"\n"+f.Hint))
	}
	fmt.Fprintln(out, r.summary())
	return out.Flush()
}

// message spells a text so that nothing in it ends the command or begins another one.
var messageEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", "##[", "# #[")

func message(text string) string { return messageEscapes.Replace(text) }

var propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C", "##[", "# #[")

func property(text string) string { return propertyEscapes.Replace(text) }

// mostRows is how many findings a summary shows: a page takes a megabyte at most.
const mostRows = 200

// WriteSummary writes the report as Markdown, for the summary of a step.
func (r *Report) WriteSummary(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "### lazytrace check %s\n\n", markdown(r.summary()))
	if len(r.Findings) > 0 {
		fmt.Fprint(out, "| level | rule | session | what is wrong | where | what to do |\n|---|---|---|---|---|---|\n")
	}
	for i := range r.Findings {
		if i == mostRows {
			fmt.Fprintf(out, "\nand %d more\n", len(r.Findings)-i)
			break
		}
		f := &r.Findings[i]
		where := ""
		if len(f.Places) > 0 {
			where = f.Places[0].where()
		}
		cells := []string{f.Level.String(), r.rule(f).name(), f.subject(), f.Text, where, f.Hint}
		for k, cell := range cells {
			cells[k] = markdown(r.shown(cell))
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintln(out)
	return out.Flush()
}

// markdown spells a text so that nothing in it is markup: whatever Markdown or HTML
// would act upon is a character reference.
func markdown(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\n' || c == '\r':
			b.WriteByte(' ')
		case strings.ContainsRune("\\`*_{}[]<>()#!|&~@\"'$", c):
			fmt.Fprintf(&b, "&#%d;", c)
		case c == ':': // addresses would become links
			b.WriteString("&#58;")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
