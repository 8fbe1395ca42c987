package price

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Table is prices as they were on one day. It is immutable.
type Table struct {
	Date   string // 2026-07-02, or nothing where no line tells
	Source string
	rows   map[string][]line // by the model's name in lower case
	known  map[string]bool   // providers, see canonical
	count  int
	last   string // provider: rows of one stand together
}

// line is a row that has not been taken apart: of thousands, few are asked for.
type line struct{ provider, text string }

// Columns are the columns of a table. Behind them the last seven may stand
// again, for each context from which on other prices hold, the lowest first:
// first the number of tokens, then the prices.
const Columns = "provider	model	input	output	cache read	cache write	cache write 1h	reasoning"

const (
	rateColumns = 6
	tierColumns = 1 + rateColumns
)

// Parse reads a table: a line a row, columns parted by tabs, or by spaces where
// a line has no tab. A column that is empty, or a dash, or not there, has no
// price of its own: see parseRates. Lines that begin with # are remarks, of
// which "# date: 2026-07-02" and "# source: ..." are understood. The error names
// the line.
func Parse(name, text string) (*Table, error) {
	t := &Table{rows: map[string][]line{}, known: map[string]bool{}}
	n := 0
	for raw := range strings.Lines(text) {
		n++
		raw = strings.TrimRight(raw, "\r\n")
		if remark, ok := strings.CutPrefix(strings.TrimSpace(raw), "#"); ok || remark == "" {
			t.remark(strings.TrimSpace(remark))
			continue
		}
		provider, model, err := check(raw)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		t.add(provider, model, raw)
	}
	return t, nil
}

// trusted reads a table that was checked when it was written: it looks at no
// price, since of thousands few are asked for.
func trusted(text string) *Table {
	t := &Table{rows: make(map[string][]line, 4096), known: map[string]bool{}}
	for raw := range strings.Lines(text) {
		raw = strings.TrimRight(raw, "\n")
		if remark, ok := strings.CutPrefix(raw, "#"); ok || raw == "" {
			t.remark(strings.TrimSpace(remark))
			continue
		}
		provider, rest, _ := strings.Cut(raw, "\t")
		model, _, _ := strings.Cut(rest, "\t")
		t.add(provider, model, raw)
	}
	return t
}

// dateOf returns the day of a table from the remarks at its beginning.
func dateOf(text string) string {
	t := &Table{}
	for raw := range strings.Lines(text) {
		remark, ok := strings.CutPrefix(raw, "#")
		if !ok {
			break
		}
		t.remark(strings.TrimSpace(remark))
	}
	return t.Date
}

func (t *Table) remark(text string) {
	if date, ok := strings.CutPrefix(text, "date: "); ok {
		t.Date = date
	}
	if source, ok := strings.CutPrefix(text, "source: "); ok {
		t.Source = source
	}
}

func (t *Table) add(provider, model, raw string) {
	key := strings.ToLower(model)
	at := slices.IndexFunc(t.rows[key], func(l line) bool { return l.provider == provider })
	if at >= 0 {
		t.rows[key][at].text = raw // the last line of a row counts
		return
	}
	t.rows[key] = append(t.rows[key], line{provider, raw})
	if provider != t.last {
		t.known[canonical(provider)] = true
		t.last = provider
	}
	t.count++
}

// Len returns the number of rows.
func (t *Table) Len() int { return t.count }

// row returns the price of a model, under the name that the table spells it by
// but for its case.
func (t *Table) row(provider, model string) (*Row, bool) {
	for _, l := range t.rows[model] {
		if canonical(l.provider) == provider {
			row, err := parseRow(l.text)
			return row, err == nil
		}
	}
	return nil, false
}

// Rows returns all rows, by provider and model.
func (t *Table) Rows() iter.Seq[*Row] {
	all := make([]line, 0, t.count)
	for _, lines := range t.rows {
		all = append(all, lines...)
	}
	slices.SortFunc(all, func(a, b line) int {
		if c := strings.Compare(a.provider, b.provider); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	return func(yield func(*Row) bool) {
		for _, l := range all {
			if row, err := parseRow(l.text); err == nil && !yield(row) {
				return
			}
		}
	}
}

func cells(raw string) []string {
	if strings.Contains(raw, "\t") {
		return strings.Split(raw, "\t")
	}
	return strings.Fields(raw)
}

// check reads a row for its errors only.
func check(raw string) (provider, model string, err error) {
	row, err := parseRow(raw)
	if err != nil {
		return "", "", err
	}
	return row.Provider, row.Model, nil
}

func parseRow(raw string) (*Row, error) {
	f := cells(raw)
	for i := range f {
		if f[i] = strings.TrimSpace(f[i]); f[i] == "-" {
			f[i] = ""
		}
	}
	for len(f) > 0 && f[len(f)-1] == "" {
		f = f[:len(f)-1]
	}
	if len(f) < 4 || f[0] == "" || f[1] == "" {
		return nil, fmt.Errorf("a price is a provider, a model, what a million tokens of input cost, and of output; this line has %d of the four", filled(f))
	}
	for (len(f)-2)%tierColumns != rateColumns {
		f = append(f, "")
	}
	row := &Row{Provider: f[0], Model: f[1]}
	var err error
	if row.Rates, err = parseRates(f[2 : 2+rateColumns]); err != nil {
		return nil, err
	}
	for f = f[2+rateColumns:]; len(f) > 0; f = f[tierColumns:] {
		t := Tier{}
		if t.Above, err = strconv.ParseInt(f[0], 10, 64); err != nil || t.Above <= 0 || len(row.Tiers) > 0 && t.Above <= row.Tiers[len(row.Tiers)-1].Above {
			return nil, fmt.Errorf("%q is not a number of tokens above the one before, from which on other prices hold", f[0])
		}
		if t.Rates, err = parseRates(f[1:tierColumns]); err != nil {
			return nil, err
		}
		row.Tiers = append(row.Tiers, t)
	}
	return row, nil
}

func filled(f []string) (n int) {
	for _, text := range f[:min(4, len(f))] {
		if text != "" {
			n++
		}
	}
	return n
}

var rateNames = [rateColumns]string{"input", "output", "cache read", "cache write", "cache write 1h", "reasoning"}

// parseRates reads the prices of a million tokens. Where a cache has no price
// of its own its tokens cost what input does; a write for an hour costs what a
// short one does, and reasoning what other output does.
func parseRates(f []string) (Rates, error) {
	var v [rateColumns]eventlog.Money
	instead := [rateColumns]int{-1, -1, 0, 0, 3, 1}
	for i, text := range f {
		if text == "" && instead[i] >= 0 {
			v[i] = v[instead[i]]
			continue
		}
		m, err := eventlog.ParseMoney(text)
		if err != nil || m < 0 || m > maxRate {
			return Rates{}, fmt.Errorf("%s: %q is not a price in dollars for a million tokens", rateNames[i], text)
		}
		v[i] = m
	}
	return Rates{Input: v[0], Output: v[1], CacheRead: v[2], CacheWrite5m: v[3], CacheWrite1h: v[4], Reasoning: v[5]}, nil
}

// maxRate is more than any model costs: what is above it is in another unit.
const maxRate = 1_000_000 * eventlog.Dollar

// spell writes a row as Parse reads it.
func (r *Row) spell() string {
	f := append([]string{r.Provider, r.Model}, r.Rates.spell()...)
	for _, t := range r.Tiers {
		f = append(append(f, strconv.FormatInt(t.Above, 10)), t.Rates.spell()...)
	}
	return strings.TrimRight(strings.Join(f, "\t"), "\t")
}

func (r Rates) spell() []string {
	f := []string{r.Input.String(), r.Output.String(), "", "", "", ""}
	for i, v := range []struct{ value, instead eventlog.Money }{
		{r.CacheRead, r.Input}, {r.CacheWrite5m, r.Input}, {r.CacheWrite1h, r.CacheWrite5m}, {r.Reasoning, r.Output},
	} {
		if v.value != v.instead {
			f[i+2] = v.value.String()
		}
	}
	return f
}

// Text writes the table as Parse reads it.
func (t *Table) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Prices of models in US dollars per million tokens.\n# date: %s\n# source: %s\n# %s\t(from this context on: tokens, and the same prices)*\n", t.Date, t.Source, Columns)
	for row := range t.Rows() {
		b.WriteString(row.spell())
		b.WriteByte('\n')
	}
	return b.String()
}

// Change is how many rows of a table are not those of another.
type Change struct{ Added, Removed, Changed []string } // ids of rows

// Changes returns what is different in a newer table.
func (t *Table) Changes(newer *Table) Change {
	rows := func(t *Table) map[string]string {
		m := make(map[string]string, t.count)
		for row := range t.Rows() {
			m[row.ID()] = row.spell()
		}
		return m
	}
	before, after := rows(t), rows(newer)
	var c Change
	for id, text := range after {
		if old, ok := before[id]; !ok {
			c.Added = append(c.Added, id)
		} else if old != text {
			c.Changed = append(c.Changed, id)
		}
	}
	for id := range before {
		if _, ok := after[id]; !ok {
			c.Removed = append(c.Removed, id)
		}
	}
	for _, ids := range [][]string{c.Added, c.Removed, c.Changed} {
		slices.Sort(ids)
	}
	return c
}
