package tui

import (
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// offers are the ways in which the text in the prompt may go on, and which of
// them is chosen.
type offers struct {
	from, to int // the bytes of the text that an offer takes the place of
	words    []string
	list     list.List
	chosen   bool // the person moved to one
	values   map[string][]string
}

// most is how many offers are seen at a time.
const mostOffers = 8

func (o *offers) any() bool { return len(o.words) > 0 }

// query offers what a filter may go on with.
func (o *offers) query(text string, at int) {
	c := eventlog.CompleteQuery(text, at, func(field string) []string { return o.values[field] })
	o.set(c.From, c.To, c.Words)
	// What is written already needs no offer.
	if len(o.words) == 1 && o.words[0] == text[c.From:c.To] {
		o.set(0, 0, nil)
	}
}

// commands offers the names of commands.
func (o *offers) commands(text string) {
	if strings.Contains(text, " ") {
		o.set(0, 0, nil)
		return
	}
	o.set(0, len(text), matching(text))
}

func (o *offers) set(from, to int, words []string) {
	o.from, o.to, o.words, o.chosen = from, to, words, false
	o.list = list.List{}
	o.list.Resize(min(mostOffers, len(words)))
	o.list.SetLen(len(words))
}

func (o *offers) move(d int) {
	if n := len(o.words); n > 0 {
		o.list.To(((o.list.Cursor()+d)%n + n) % n)
		o.chosen = true
	}
}

// taken returns the text with the chosen offer in it, and where the cursor is
// then.
func (o *offers) taken(text string) (string, int) {
	if !o.any() {
		return text, len(text)
	}
	word := o.words[max(0, o.list.Cursor())]
	return text[:o.from] + word + text[min(o.to, len(text)):], o.from + len(word)
}

// draw returns the box of the offers and the column for it, below column x.
func (o *offers) draw(t *theme.Theme, width, x int) (box []string, at int) {
	from, to := o.list.Visible()
	wide := 0
	for _, w := range o.words {
		wide = max(wide, frame.Width(frame.Clean(w, 40)))
	}
	wide = min(min(wide, 40)+3, width)
	for i := from; i < min(to, len(o.words)); i++ {
		back := t.Strip
		if o.chosen && i == o.list.Cursor() {
			back = t.Select
		}
		box = append(box, frame.NewLine(wide, back).Space(1).Foreign(t.Text, o.words[i]).String())
	}
	return box, max(0, min(x-1, width-wide))
}

// asQuery finds in an error the place in a query that it is about.
func asQuery(err error, place *interface{ Place() (int, int) }) bool {
	var q *eventlog.QueryError
	if !errors.As(err, &q) {
		return false
	}
	*place = queryPlace{q}
	return true
}

type queryPlace struct{ *eventlog.QueryError }

func (q queryPlace) Place() (from, to int) { return q.From, q.To }

// valuesMsg brings the values that the fields of a filter are known to have.
type valuesMsg map[string][]string

// findValues collects them from a catalog.
func findValues(c *eventlog.Catalog) tea.Cmd {
	if c == nil {
		return nil
	}
	return func() tea.Msg {
		sets := map[string]map[string]int{}
		add := func(field, value string) {
			const most = 500
			if value == "" || len(value) > 80 {
				return
			}
			if sets[field] == nil {
				sets[field] = map[string]int{}
			}
			if len(sets[field]) < most || sets[field][value] > 0 {
				sets[field][value]++
			}
		}
		names := c.Symbols
		for _, s := range c.Sessions {
			add("agent", s.Agent)
			add("format", s.Format)
			add("branch", s.Branch)
			add("project", s.Project)
			add("user", s.User)
			add("env", s.Environment)
			add("experiment", s.Experiment)
			add("variant", s.Variant)
			add("host", s.Host)
			add("dir", last(s.Directory))
			add("repo", last(s.Directory))
			for _, tag := range s.Tags {
				add("tag", tag)
			}
			for k, v := range s.Metadata {
				add("meta", k)
				add("meta."+k, v)
			}
			for _, r := range s.Runs {
				add("agent", names.Name(r.Agent))
				for tool := range r.Tools {
					add("tool", names.Name(tool))
				}
			}
		}
		for _, e := range c.Entries.All() {
			add("model", names.Name(e.Model))
			add("provider", names.Name(e.Provider))
		}
		out := valuesMsg{}
		for field, counts := range sets {
			for v := range counts {
				out[field] = append(out[field], v)
			}
			slices.SortFunc(out[field], func(a, b string) int {
				if d := counts[b] - counts[a]; d != 0 {
					return d
				}
				return strings.Compare(a, b)
			})
		}
		return out
	}
}

// last returns the last part of a path.
func last(path string) string {
	path = strings.TrimRight(path, `/\`)
	return path[strings.LastIndexAny(path, `/\`)+1:]
}
