package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// prices are the prices in force and where they come from.
type prices struct {
	*price.Book
	source  string // "built in", or the path of the table that was put beside it
	ownPath string // of the user's own prices, whether there are any or not
	stamp   string // tells these prices from others; of what is built in the program does
}

// ownPricesFile is the name of the user's own prices in the config folder.
const ownPricesFile = "prices.tsv"

// newerTableFile is the name of a table that `prices update` wrote, in the data
// folder.
const newerTableFile = "models.tsv"

// openPrices returns the prices in force: of the table that is built in and the
// one that the user fetched the newer, and the user's own before them.
func openPrices(env *Env) (*prices, error) {
	text, p := price.BuiltIn(), &prices{source: "built in"}
	if dir, err := dataFolder(env.Getenv); err == nil {
		path := filepath.Join(dir, newerTableFile)
		newer, err := os.ReadFile(path)
		switch {
		case err == nil && price.NewBook(string(newer), nil).Date >= price.Default().Date:
			text, p.source, p.stamp = string(newer), path, stampOf(newer)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			fmt.Fprintf(env.Stderr, "lazytrace: read %s: %v; the prices that are built in are used\n", escape.Line(path), fileReason(err))
		}
	}
	var own *price.Table
	if dir, err := configFolder(env.Getenv); err == nil {
		p.ownPath = filepath.Join(dir, ownPricesFile)
		text, err := os.ReadFile(p.ownPath)
		switch {
		case err == nil:
			p.stamp += " " + stampOf(text)
			if own, err = price.Parse(p.ownPath, string(text)); err != nil {
				return nil, refuse("your own prices: %v", err)
			}
		case !errors.Is(err, fs.ErrNotExist):
			return nil, refuse("your own prices: read %s: %v", p.ownPath, fileReason(err))
		}
	}
	p.Book = price.NewBook(text, own)
	return p, nil
}

// own returns how many prices are the user's own.
func (p *prices) own() int {
	if p.Own() == nil {
		return 0
	}
	return p.Own().Len()
}

// object is what JSON says of the prices.
func (p *prices) object() map[string]any {
	return map[string]any{"date": p.Date, "source": escape.Line(p.source), "own_prices": p.own()}
}

func newPrices(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "prices", Short: "Say what model calls are priced with", Args: cobra.NoArgs,
		Long: `Say what calls are priced with whose log does not tell their cost: a table
that is built in, a newer one that "prices update" fetched, and your own prices
before both. Nothing is fetched unless you ask for it.`,
		RunE: func(*cobra.Command, []string) error { return runPrices(env, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(newPricesList(env), newPricesShow(env), newPricesUpdate(env))
	return c
}

func runPrices(env *Env, asJSON bool) error {
	p, err := openPrices(env)
	if err != nil {
		return err
	}
	if asJSON {
		o := p.object()
		o["models"], o["own_path"] = p.Table().Len(), escape.Line(p.ownPath)
		return printJSON(env.Stdout, o)
	}
	own := fmt.Sprintf("%d in %s", p.own(), p.ownPath)
	if p.own() == 0 {
		own = "none; they would stand in " + p.ownPath
	}
	fmt.Fprintf(env.Stdout, "date        %s\ntable       %s, %d prices from %s\nown prices  %s\n",
		escape.Line(p.Date), escape.Line(p.source), p.Table().Len(), escape.Line(p.Table().Source), escape.Line(own))
	return nil
}

func newPricesList(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "list [WORD...]", Short: "List prices whose provider or model holds all of the words",
		RunE: func(_ *cobra.Command, words []string) error { return runPricesList(env, words, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a price")
	return c
}

// priceResult is a price as JSON tells it, in dollars per million tokens.
type priceResult struct {
	ID       string       `json:"id"`
	Provider string       `json:"provider"`
	Model    string       `json:"model"`
	Own      bool         `json:"own"`
	Date     string       `json:"date,omitempty"`
	Rates    ratesResult  `json:"per_million_usd"`
	Tiers    []tierResult `json:"tiers,omitempty"`
}

type ratesResult struct {
	Input        eventlog.Money `json:"input"`
	Output       eventlog.Money `json:"output"`
	CacheRead    eventlog.Money `json:"cache_read"`
	CacheWrite5m eventlog.Money `json:"cache_write_5m"`
	CacheWrite1h eventlog.Money `json:"cache_write_1h"`
	Reasoning    eventlog.Money `json:"reasoning"`
}

type tierResult struct {
	Above int64       `json:"above_tokens"`
	Rates ratesResult `json:"per_million_usd"`
}

func (p *prices) result(row *price.Row, own bool) priceResult {
	r := priceResult{ID: escape.Line(row.ID()), Provider: escape.Line(row.Provider), Model: escape.Line(row.Model), Own: own, Rates: ratesResult(row.Rates)}
	if !own {
		r.Date = p.Date
	}
	for _, t := range row.Tiers {
		r.Tiers = append(r.Tiers, tierResult{t.Above, ratesResult(t.Rates)})
	}
	return r
}

func runPricesList(env *Env, words []string, asJSON bool) error {
	p, err := openPrices(env)
	if err != nil {
		return err
	}
	t := &table{head: []string{"PROVIDER", "MODEL", ">INPUT", ">OUTPUT", ">CACHE READ", ">WRITE 5M", ">WRITE 1H", "FROM"}}
	list := func(from *price.Table, own bool) error {
		for row := range from.Rows() {
			if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(strings.ToLower(row.ID()), strings.ToLower(w)) }) {
				continue
			}
			if asJSON {
				if err := printJSON(env.Stdout, p.result(row, own)); err != nil {
					return err
				}
				continue
			}
			where := "table"
			if own {
				where = "you"
			}
			cells := func(provider, model, from string, r price.Rates) {
				t.add(provider, model, r.Input.String(), r.Output.String(), r.CacheRead.String(), r.CacheWrite5m.String(), r.CacheWrite1h.String(), from)
			}
			cells(row.Provider, row.Model, where, row.Rates)
			for _, tier := range row.Tiers {
				cells("", "  above "+strconv.FormatInt(tier.Above, 10), "", tier.Rates)
			}
		}
		return nil
	}
	if p.Own() != nil {
		if err := list(p.Own(), true); err != nil {
			return err
		}
	}
	if err := list(p.Table(), false); err != nil || asJSON {
		return err
	}
	if len(t.rows) == 0 {
		return fmt.Errorf("no price has %s in its name", strings.Join(words, " and "))
	}
	if err := t.print(env.Stdout, 60); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "\ndollars for a million tokens; %s, %s\n", p.About(), escape.Line(p.source))
	return nil
}

type pricesShowOptions struct {
	provider string
	mode     string
	asJSON   bool
}

func newPricesShow(env *Env) *cobra.Command {
	var opts pricesShowOptions
	c := &cobra.Command{
		Use: "show MODEL", Short: "Say which price a model has, and why", Args: cobra.ExactArgs(1),
		Long: `Say which price the calls of a model have, by which spelling of its name it is
found, and whose price it is. MODEL is spelled as a log does:
claude-opus-4-6[1m], us.anthropic.claude-sonnet-4-6, openrouter/openai/gpt-5.4.`,
		RunE: func(_ *cobra.Command, args []string) error { return runPricesShow(env, args[0], opts) },
	}
	f := c.Flags()
	f.StringVar(&opts.provider, "provider", "", "provider that the log names")
	f.StringVar(&opts.mode, "mode", "", "how the call was served: fast, priority, flex, batch, regional")
	f.BoolVar(&opts.asJSON, "json", false, "print JSON")
	return c
}

func runPricesShow(env *Env, model string, opts pricesShowOptions) error {
	mode := eventlog.ParseMode(opts.mode)
	if mode == 0 && opts.mode != "" {
		return refuse("--mode %s is not known; it is one of fast, priority, flex, batch, regional", opts.mode)
	}
	p, err := openPrices(env)
	if err != nil {
		return err
	}
	m, missing := p.Find(opts.provider, model, mode)
	if m == nil {
		if opts.asJSON {
			if err := printJSON(env.Stdout, map[string]any{"model": model, "provider": opts.provider, "priced": false, "reason": missing}); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s has no price: %s (%s); you may give it one in %s", model, missing, p.About(), cmp.Or(p.ownPath, ownPricesFile))
	}
	num, den := m.Factor()
	if opts.asJSON {
		return printJSON(env.Stdout, struct {
			priceResult
			Priced     bool    `json:"priced"`
			Spelling   string  `json:"spelling"`
			LookedFor  string  `json:"looked_for"`
			Because    string  `json:"because"`
			Mode       string  `json:"mode,omitempty"`
			ModeFactor float64 `json:"mode_factor"`
		}{p.result(m.Row, m.Own), true, m.Spelling, escape.Line(m.Name), m.Provider, mode.String(), float64(num) / float64(den)})
	}
	from := p.About() + ", " + p.source
	if m.Own {
		from = p.ownPath
	}
	fmt.Fprintf(env.Stdout, "price     %s\nfrom      %s\nfound     %s: %s\nwhose     %s\n",
		escape.Line(m.Row.ID()), escape.Line(from), escape.Line(m.Name), m.Spelling, m.Provider)
	if num != den {
		fmt.Fprintf(env.Stdout, "mode      %s: all prices times %s\n", mode, strconv.FormatFloat(float64(num)/float64(den), 'f', -1, 64))
	}
	fmt.Fprintln(env.Stdout)
	t := &table{head: []string{"CONTEXT", ">INPUT", ">OUTPUT", ">CACHE READ", ">WRITE 5M", ">WRITE 1H", ">REASONING"}}
	line := func(name string, r price.Rates) {
		t.add(name, r.Input.String(), r.Output.String(), r.CacheRead.String(), r.CacheWrite5m.String(), r.CacheWrite1h.String(), r.Reasoning.String())
	}
	name := "any"
	if len(m.Row.Tiers) > 0 {
		name = "up to " + strconv.FormatInt(m.Row.Tiers[0].Above, 10)
	}
	line(name, m.Row.Rates)
	for _, tier := range m.Row.Tiers {
		line("above "+strconv.FormatInt(tier.Above, 10), tier.Rates)
	}
	return t.print(env.Stdout, 0)
}
