package price

import (
	"strings"
	"testing"
)

func TestReduce(t *testing.T) {
	const inner = `{"m-1":{"cost":{"input":1,"output":2.50,"cached_input":0.1,"tiers":[
		{"tier":{"type":"context","size":128000},"input":4,"output":8},{"tier":{"size":32000},"input":2,"output":5,"cache_read":0.2},
		{"tier":{"type":"time","size":1},"input":9,"output":9}]},"limit":{"context":1}},
		"claude-x":{"cost":{"input":3,"output":15,"cache_read":0.3,"cache_write":3.75,"context_over_200k":{"input":6,"output":22.5}}},
		"free":{"cost":{"input":0,"output":0}},"untold":{"limit":{}},"half":{"cost":{"input":1}}}`
	const want = `acme	claude-x	3	15	0.3	3.75	6		200000	6	22.5	0.6	7.5	12
acme	free	0	0
acme	m-1	1	2.5	0.1				32000	2	5	0.2				128000	4	8	0.4
`
	for name, text := range map[string]string{
		"snapshot": `{"source":"models.dev (MIT), snapshot of 2026-08-01; USD","providers":{"acme":` + inner + `}}`,
		"api.json": `{"acme":{"id":"acme","name":"Acme","models":` + inner + `}}`,
		"reduced":  "# date: 2026-08-01\n" + want,
	} {
		got, err := Reduce(name, []byte(text), "2026-08-01")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, rows, _ := strings.Cut(got.Text(), "prices)*\n"); rows != want || got.Date != "2026-08-01" {
			t.Errorf("%s: of %s\n%swant\n%s", name, got.Date, rows, want)
		}
	}
}

func TestReduceRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"acme":{"m":{"cost":{"input":1,"out`:            "x: not whole: unexpected end of JSON input",
		`{"acme":{"m":{"cost":{"input":-1,"output":1}}}}`: `x: acme: m: input: "-1" is not a price in dollars for a million tokens`,
		`{}`:                     "x: it holds no price of any model",
		`<html>not found</html>`: "x:1: a price is a provider",
		``:                       "",
	} {
		got, err := Reduce("x", []byte(text), "2026-08-01")
		if want == "" && err == nil && Default().Table().Fit(got) != nil {
			continue // nothing at all is no error of a line, but never fit
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || want == "" {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestFitAndChanges(t *testing.T) {
	now := Default().Table()
	text := strings.Replace(models, "\nanthropic\tclaude-opus-4-6\t5\t", "\nanthropic\tclaude-opus-4-6\t4\t", 1)
	text = strings.Replace(text, "\nopenai\tgpt-4\t", "\nopenai\tgpt-9\t", 1)
	newer, err := Parse("newer", text)
	if err != nil {
		t.Fatal(err)
	}
	c := now.Changes(newer)
	if err := now.Fit(newer); err != nil || strings.Join(c.Added, " ") != "openai/gpt-9" || strings.Join(c.Removed, " ") != "openai/gpt-4" || strings.Join(c.Changed, " ") != "anthropic/claude-opus-4-6" {
		t.Errorf("%v, %+v", err, c)
	}
	for name, bad := range map[string]string{
		"half":     models[:strings.LastIndexByte(models[:len(models)/3], '\n')+1],
		"no maker": strings.ReplaceAll(models, "\nopenai\t", "\nopenay\t"),
		"no date":  strings.Replace(models, "# date: ", "# ", 1),
		"odd date": strings.Replace(models, "# date: 2026", "# date: in 26", 1),
	} {
		if bad, err := Parse(name, bad); err != nil || now.Fit(bad) == nil {
			t.Errorf("%s: %v, and it fits", name, err)
		}
	}
}
