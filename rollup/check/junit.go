package check

import (
	"encoding/xml"
	"io"
	"strings"
)

// What JUnit's files are made of, in the order that the schema of Jenkins wants.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string         `xml:"name,attr"`
		Class   string         `xml:"classname,attr"`
		Failure []junitFailure `xml:"failure"`
		Out     string         `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a suite a session and a test case a rule. A warning that does not
// trip the gate is told by its test case, which passes.
func (r *Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "lazytrace check"}
	byCase := map[[2]string][]*Finding{}
	for i := range r.Findings {
		f := &r.Findings[i]
		key := [2]string{f.Session, f.Rule + " " + f.Source}
		byCase[key] = append(byCase[key], f)
	}
	suite := func(session, name string, total bool) {
		s := junitSuite{Name: r.shown(name)}
		for i := range r.Rules {
			rule := &r.Rules[i]
			found := byCase[[2]string{session, rule.ID + " " + rule.Source}]
			if rule.What.total() != total && !(total && len(found) > 0) {
				continue
			}
			c := junitCase{Name: r.shown(rule.ID + " " + rule.What.String()), Class: r.shown("lazytrace." + className(session))}
			var told []string
			for _, f := range found {
				text := f.Text + "\n" + f.Hint
				for _, p := range f.Places {
					text += "\n" + p.where()
				}
				text = r.shownLines(text)
				if f.Level == Error || r.Strict {
					c.Failure = append(c.Failure, junitFailure{r.shown(f.Text), f.Kind, text})
				} else {
					told = append(told, "warning: "+text)
				}
			}
			c.Out = strings.Join(told, "\n")
			s.Tests++
			if len(c.Failure) > 0 {
				s.Failures++
			}
			s.Cases = append(s.Cases, c)
		}
		if s.Tests > 0 {
			all.Suites = append(all.Suites, s)
			all.Tests += s.Tests
			all.Failures += s.Failures
		}
	}
	for _, s := range r.Subjects {
		name := s.Session.Label()
		if name == "" {
			name = s.Session.ID
		}
		suite(s.Session.ID, name, false)
	}
	suite("", "all sessions", true)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// className is the id of a session without the dots that would make packages of it.
func className(session string) string {
	if session == "" {
		return "total"
	}
	return strings.ReplaceAll(session, ".", "_")
}

func (r *Report) shownLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = r.shown(line)
	}
	return strings.Join(lines, "\n")
}
