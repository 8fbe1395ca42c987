package price

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// costs is what models.dev says a model costs. Some of its providers spell the
// price of cached input in a way of their own.
type costs struct {
	Input       *json.Number `json:"input"`
	Output      *json.Number `json:"output"`
	CacheRead   *json.Number `json:"cache_read"`
	CacheInput  *json.Number `json:"cache_input"`
	CachedInput *json.Number `json:"cached_input"`
	CacheWrite  *json.Number `json:"cache_write"`
	CachedWrite *json.Number `json:"cached_write"`
	Reasoning   *json.Number `json:"reasoning"`
	Above200k   *costs       `json:"context_over_200k"`
	Tiers       []costTier   `json:"tiers"`
}

// costTier is what holds from a size of the context on.
type costTier struct {
	costs
	Tier struct {
		Type string `json:"type"`
		Size int64  `json:"size"`
	} `json:"tier"`
}

var isoDate = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`) })

// Reduce makes a table of what models.dev publishes, or of a snapshot of it,
// or of a table that is reduced already. date is the day of prices that tell
// none themselves. What has no price is left out.
func Reduce(name string, text []byte, date string) (*Table, error) {
	if start := bytes.TrimLeft(text, " \t\r\n\ufeff"); len(start) == 0 || start[0] != '{' {
		t, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		t.Date = cmp.Or(t.Date, date)
		return t, nil
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, fmt.Errorf("%s: not whole: %w", name, err)
	}
	t := &Table{Date: date, Source: "models.dev (MIT, see models-dev.LICENSE)", rows: map[string][]line{}, known: map[string]bool{}}
	if list, ok := top["providers"]; ok {
		var source string
		_ = json.Unmarshal(top["source"], &source)
		t.Date = cmp.Or(isoDate().FindString(source), date)
		top = nil
		if err := json.Unmarshal(list, &top); err != nil {
			return nil, fmt.Errorf("%s: providers: %w", name, err)
		}
	}
	for provider, raw := range top {
		if err := t.provider(provider, raw); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, provider, err)
		}
	}
	if t.count == 0 {
		return nil, fmt.Errorf("%s: it holds no price of any model", name)
	}
	return t, nil
}

func (t *Table) provider(provider string, raw json.RawMessage) error {
	var list map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if inner, ok := list["models"]; ok && len(inner) > 0 && inner[0] == '{' && list["cost"] == nil && list["id"] != nil {
		list = nil
		if err := json.Unmarshal(inner, &list); err != nil {
			return err
		}
	}
	for model, raw := range list {
		var m struct {
			Cost *costs `json:"cost"`
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			return fmt.Errorf("%s: %w", model, err)
		}
		if m.Cost == nil || m.Cost.Input == nil || m.Cost.Output == nil {
			continue
		}
		if strings.ContainsAny(provider+model, "\t\r\n") || provider == "" || model == "" || strings.HasPrefix(provider, "#") {
			return fmt.Errorf("%q is no name of a model", model)
		}
		row, err := m.Cost.row(provider, model)
		if err != nil {
			return fmt.Errorf("%s: %w", model, err)
		}
		t.add(provider, model, row.spell())
	}
	return nil
}

func (c *costs) row(provider, model string) (*Row, error) {
	claude := strings.Contains(strings.ToLower(model), "claude")
	row := &Row{Provider: provider, Model: model}
	var err error
	if row.Rates, err = c.rates(claude); err != nil {
		return nil, err
	}
	tiers := c.Tiers
	if len(tiers) == 0 && c.Above200k != nil {
		tiers = []costTier{{costs: *c.Above200k}}
		tiers[0].Tier.Size = 200_000
	}
	for _, t := range tiers {
		if t.Tier.Type != "" && t.Tier.Type != "context" {
			continue
		}
		tier := Tier{Above: t.Tier.Size}
		if tier.Rates, err = t.rates(claude); err != nil || tier.Above <= 0 {
			return nil, errors.Join(errors.New("tiers"), err)
		}
		// A tier that says nothing of the cache keeps it as dear as it was beside
		// the input.
		if t.CacheRead == nil && t.CacheInput == nil && t.CachedInput == nil {
			tier.CacheRead = inProportion(row.CacheRead, tier.Input, row.Input)
		}
		if t.CacheWrite == nil && t.CachedWrite == nil {
			tier.CacheWrite5m = inProportion(row.CacheWrite5m, tier.Input, row.Input)
			tier.CacheWrite1h = inProportion(row.CacheWrite1h, tier.Input, row.Input)
		}
		row.Tiers = append(row.Tiers, tier)
	}
	slices.SortFunc(row.Tiers, func(a, b Tier) int { return cmp.Compare(a.Above, b.Above) })
	return row, nil
}

// inProportion returns m times a by b.
func inProportion(m, a, b eventlog.Money) eventlog.Money {
	if b <= 0 {
		return m
	}
	hi, lo := bits.Mul64(uint64(m), uint64(a))
	if hi >= uint64(b) {
		return m
	}
	q, _ := bits.Div64(hi, lo, uint64(b))
	return eventlog.Money(min(q, uint64(maxRate)))
}

// rates reads prices. Writing into Anthropic's cache for an hour costs twice
// the input; the source tells the price for five minutes only.
func (c *costs) rates(claude bool) (Rates, error) {
	var texts []string
	for _, n := range []*json.Number{c.Input, c.Output, cmp.Or(c.CacheRead, c.CacheInput, c.CachedInput), cmp.Or(c.CacheWrite, c.CachedWrite), nil, c.Reasoning} {
		text := ""
		if n != nil {
			text = n.String()
		}
		texts = append(texts, text)
	}
	r, err := parseRates(texts)
	if err == nil && claude && r.CacheWrite5m > r.Input {
		r.CacheWrite1h = max(r.CacheWrite5m, 2*r.Input)
	}
	return r, err
}

// Fit says why a table should not take the place of another, or nothing.
func (t *Table) Fit(newer *Table) error {
	if n, before := newer.Len(), t.Len(); n < before/2 {
		return fmt.Errorf("it has %d prices where the table in use has %d: it looks as if a part is missing", n, before)
	}
	var lost []string
	for _, maker := range makers[:3] {
		if !newer.known[maker] {
			lost = append(lost, maker)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("it has no price of %s: it looks as if a part is missing", strings.Join(lost, ", "))
	}
	if !isoDate().MatchString(newer.Date) {
		return fmt.Errorf("it does not tell the day of its prices")
	}
	return nil
}
