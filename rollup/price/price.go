// Package price estimates what a model call cost, for logs that do not say it.
// The prices stand in models.tsv, with their date and the notice of those who
// gathered them; a model that is not there has no price, which is not a price
// of zero.
package price

import (
	_ "embed"
	"math/bits"
	"strconv"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Date is the day of the prices.
const Date = "2026-07-02"

//go:embed models.tsv
var models string

// Row is the price of one model, in dollars per million tokens.
type Row struct {
	Provider string
	Model    string
	Rates
	Above int64 // from this many tokens of context on, Long holds; 0 is never
	Long  Rates
}

// Rates are the prices of a million tokens of each kind.
type Rates struct{ Input, Output, CacheRead, CacheWrite, CacheWriteLong eventlog.Money }

// Table finds prices. It is immutable and safe for concurrent use.
type Table struct {
	rows map[string]map[string]*Row // by model, then provider
}

// Default returns the table that is built in. It is read when it is first
// asked for.
func Default() *Table { return defaultTable() }

var defaultTable = sync.OnceValue(func() *Table { return parse(models) })

// parse reads a table. Lines that are not understood are left out: there is a
// test that the built-in one has none.
func parse(text string) *Table {
	t := &Table{rows: map[string]map[string]*Row{}}
	for line := range strings.Lines(text) {
		if row, ok := parseRow(strings.TrimRight(line, "\n")); ok {
			if t.rows[row.Model] == nil {
				t.rows[row.Model] = map[string]*Row{}
			}
			t.rows[row.Model][row.Provider] = row
		}
	}
	return t
}

func parseRow(line string) (*Row, bool) {
	f := strings.Split(line, "\t")
	if strings.HasPrefix(line, "#") || len(f) != 6 && len(f) != 11 {
		return nil, false
	}
	row := &Row{Provider: f[0], Model: f[1]}
	var ok bool
	row.Rates, ok = parseRates(row.Provider, f[2:6])
	if ok && len(f) == 11 {
		var err error
		row.Above, err = strconv.ParseInt(f[6], 10, 64)
		row.Long, ok = parseRates(row.Provider, f[7:11])
		ok = ok && err == nil
	}
	return row, ok
}

// parseRates reads input, output, cache read and cache write. Where a cache has
// no price of its own its tokens cost what input does; writing into Anthropic's
// cache for an hour costs twice the input.
func parseRates(provider string, f []string) (r Rates, ok bool) {
	values := [4]eventlog.Money{}
	for i, text := range f {
		if text == "" {
			values[i] = values[0]
			continue
		}
		m, err := eventlog.ParseMoney(text)
		if err != nil {
			return r, false
		}
		values[i] = m
	}
	r = Rates{Input: values[0], Output: values[1], CacheRead: values[2], CacheWrite: values[3], CacheWriteLong: values[3]}
	if provider == "anthropic" {
		r.CacheWriteLong = 2 * r.Input
	}
	return r, true
}

// Estimate returns what a call cost by the table, and the row that says so.
func (t *Table) Estimate(provider, model string, u eventlog.Usage) (eventlog.Money, *Row, bool) {
	row, ok := t.Find(provider, model)
	if !ok {
		return 0, nil, false
	}
	r := row.Rates
	if row.Above > 0 && u.Context() > row.Above {
		r = row.Long
	}
	return r.cost(u), row, true
}

// cost multiplies exactly and rounds once, half up, to a billionth of a dollar.
func (r Rates) cost(u eventlog.Usage) eventlog.Money {
	var hi, lo, carry uint64
	for _, part := range [...]struct {
		tokens int64
		rate   eventlog.Money
	}{{u.Input, r.Input}, {u.Output, r.Output}, {u.CacheRead, r.CacheRead}, {u.CacheWrite5m, r.CacheWrite}, {u.CacheWrite1h, r.CacheWriteLong}} {
		h, l := bits.Mul64(uint64(max(0, part.tokens)), uint64(part.rate))
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	const million = 1_000_000
	lo, carry = bits.Add64(lo, million/2, 0)
	hi += carry
	if hi >= million {
		return 0 // more tokens than there are
	}
	quotient, _ := bits.Div64(hi, lo, million)
	return eventlog.Money(quotient)
}
