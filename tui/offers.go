package tui

import (
	"errors"
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
	return func() tea.Msg { return valuesMsg(c.Values()) }
}
