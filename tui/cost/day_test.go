package cost

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// spentOn makes days of dollars.
func spentOn(costs map[string]int64, order ...string) []rollup.Group {
	var out []rollup.Group
	for _, day := range order {
		out = append(out, rollup.Group{Key: day, Own: rollup.Sum{Calls: 1, Recorded: eventlog.Money(costs[day]) * eventlog.Dollar}})
	}
	return out
}

func TestLastDays(t *testing.T) {
	for name, c := range map[string]struct {
		days  []string
		today string
		want  string
	}{
		"up to today":          {[]string{"2026-03-01", "2026-03-03"}, "2026-03-05", "01 02 03 04 05"},
		"one day":              {[]string{"2026-03-05"}, "2026-03-05", "05"},
		"many without a call":  {[]string{"2026-02-01", "2026-03-03"}, "2026-03-04", "01 gap 03 04"},
		"long ago":             {[]string{"2025-12-31", "2026-01-02"}, "2026-03-04", "31 01 02"},
		"not so long ago":      {[]string{"2026-02-20"}, "2026-03-04", "20 gap 04"},
		"later than now":       {[]string{"2026-03-06"}, "2026-03-04", "06"},
		"a week without calls": {[]string{"2026-02-25", "2026-03-05"}, "2026-03-05", "25 26 27 28 01 02 03 04 05"},
		"no day":               {nil, "2026-03-04", ""},
	} {
		var got []string
		for _, d := range lastDays(spentOn(nil, c.days...), c.today) {
			if d.gap {
				got = append(got, "gap")
			} else {
				got = append(got, d.Key[8:])
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// A pace is of the week before today, also of its days without a call, but of none
// before the first that is known.
func TestPace(t *testing.T) {
	costs := map[string]int64{"2026-02-01": 1000, "2026-02-26": 7, "2026-03-01": 7, "2026-03-03": 7, "2026-03-04": 500}
	for name, c := range map[string]struct {
		days   []string
		month  string
		of     string
		nobody bool
	}{
		"a week":          {days: []string{"2026-02-01", "2026-02-26", "2026-03-03", "2026-03-04"}, month: "$60.00", of: "the 7 days before today"},
		"since three":     {days: []string{"2026-03-01", "2026-03-03", "2026-03-04"}, month: "$140.00", of: "the 3 days before today"},
		"since yesterday": {days: []string{"2026-03-03", "2026-03-04"}, month: "$210.00", of: "yesterday alone"},
		"today":           {days: []string{"2026-03-04"}, month: "$15000", of: "today alone"},
		"long ago":        {days: []string{"2026-02-01"}, nobody: true},
		"never":           {nobody: true},
	} {
		p := paceOf(spentOn(costs, c.days...), "2026-03-04")
		month, of := p.text()
		if month != c.month || of != c.of {
			t.Errorf("%s: %q, %q; want %q, %q", name, month, of, c.month, c.of)
		}
	}
}

// An estimate stays one in what is made of it, and calls without a price are told.
func TestPaceSaysWhatItIs(t *testing.T) {
	day := rollup.Group{Key: "2026-03-03", Own: rollup.Sum{Calls: 3, Estimated: eventlog.Dollar, Unpriced: 1}}
	if month, _ := paceOf([]rollup.Group{day}, "2026-03-04").text(); month != "~$30.00+" {
		t.Errorf("got %q", month)
	}
	day.Own = rollup.Sum{Calls: 1, Unpriced: 1}
	if month, _ := paceOf([]rollup.Group{day}, "2026-03-04").text(); month != "no price" {
		t.Errorf("without a price: %q", month)
	}
}
