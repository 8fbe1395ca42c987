package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 2, 3}, 2.5},
	} {
		before := append([]float64{}, c.of...)
		if got := median(c.of); got != c.want {
			t.Errorf("of %v: %v, want %v", c.of, got, c.want)
		}
		for i := range before {
			if before[i] != c.of[i] {
				t.Errorf("%v became %v", before, c.of)
			}
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("nothing has a median")
	}
}

func TestShares(t *testing.T) {
	var v []float64
	for i := range 20 {
		v = append(v, float64(20-i))
	}
	for share, want := range map[float64]float64{0.5: 10, 0.95: 19, 1: 20, 0: 1} {
		if got := at(share, v); got != want {
			t.Errorf("%v: %v, want %v", share, got, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	ms := func(v ...float64) *Figure { return figureOf("f", "ms", v...) }
	for _, c := range []struct {
		name     string
		row      Row
		measured float64
		unit     string
		holds    bool
	}{
		{"a ratio that is met", Row{Goal: atMost(4), Ours: ms(100, 120, 110), Theirs: ms(30)}, 110. / 30, "x", true},
		{"exactly", Row{Goal: atMost(4), Ours: ms(120), Theirs: ms(30)}, 4, "x", true},
		{"missed", Row{Goal: atMost(1. / 40), Ours: ms(100), Theirs: ms(3999)}, 100. / 3999, "x", false},
		{"at least", Row{Goal: atLeast(0.75), Ours: ms(75), Theirs: ms(100)}, 0.75, "x", true},
		{"less than that", Row{Goal: atLeast(0.75), Ours: ms(74), Theirs: ms(100)}, 0.74, "x", false},
		{"equal", Row{Goal: equal, Ours: ms(0), Theirs: ms(0)}, 1, "x", true},
		{"not equal", Row{Goal: equal, Ours: ms(5), Theirs: ms(4)}, 1.25, "x", false},
		{"of its own", Row{Goal: &Goal{"<=", 150, "ms"}, Ours: ms(151)}, 151, "ms", false},
	} {
		c.row.judge()
		if c.row.Measured == nil || c.row.Holds == nil {
			t.Errorf("%s: not judged", c.name)
			continue
		}
		if *c.row.Measured != c.measured || c.row.Unit != c.unit || *c.row.Holds != c.holds {
			t.Errorf("%s: %v %s %v, want %v %s %v", c.name, *c.row.Measured, c.row.Unit, *c.row.Holds, c.measured, c.unit, c.holds)
		}
	}
}

// What never came, a goal that is only told, and what was skipped are no successes.
func TestNothingIsNoSuccess(t *testing.T) {
	never := Row{Goal: atMost(4), Ours: figureOf("f", "ms"), Theirs: figureOf("g", "ms", 1)}
	never.judge()
	if never.Measured != nil || never.Holds == nil || *never.Holds || never.Note == "" {
		t.Errorf("%+v", never)
	}
	told := Row{Ours: figureOf("f", "ms", 1), Theirs: figureOf("g", "ms", 2)}
	told.judge()
	if told.Holds != nil || *told.Measured != 0.5 {
		t.Errorf("%+v", told)
	}
	skipped := Row{Goal: atMost(4), Skipped: "lnav is not here"}
	skipped.judge()
	if skipped.Holds != nil || skipped.Measured != nil {
		t.Errorf("%+v", skipped)
	}
	r := report{Missing: []string{}, Rows: []*Row{&never, &told, &skipped}}
	var out bytes.Buffer
	if err := r.json(&out); err != nil {
		t.Fatal(err)
	}
	var rows struct {
		Rows []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows.Rows {
		for _, key := range []string{"group", "name", "goal", "measured", "unit", "holds", "ours", "theirs"} {
			if _, ok := row[key]; !ok {
				t.Errorf("row %d has no %s", i, key)
			}
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{4, "x", "4x"}, {3.14159, "x", "3.14x"}, {1. / 40, "x", "1/40"}, {1. / 8, "x", "1/8"}, {0.6, "x", "0.60x"}, {1. / 37.2, "x", "1/37.2"},
		{1234567, "B", "1,234,567 B"}, {12.34, "ms", "12.3 ms"}, {123.4, "ms", "123 ms"}, {1234.5, "ms", "1,234 ms"}, {0.0042, "ms", "0.0042 ms"}, {-1234.5, "µs", "-1,234 µs"}, {7, "", "7"},
	} {
		if got := amount(c.v, c.unit); got != c.want {
			t.Errorf("%v %s: %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	r := report{Size: "1G", Runs: 3, Machine: "2 processors", Missing: []string{"lnav"}}
	for _, row := range []Row{
		{Group: "indexed", Name: "usage / wc -l", Goal: atMost(4), Ours: figureOf("usage", "ms", 300), Theirs: figureOf("wc -l", "ms", 100)},
		{Group: "indexed", Name: "usage / lnav", Goal: atMost(1. / 8), Skipped: "lnav is not here"},
		{Group: "memory", Name: "µ", Ours: figureOf("live", "B", 42), Note: "told"},
		{Group: "memory", Name: "late", Goal: atMost(2), Ours: figureOf("usage", "ms"), Theirs: figureOf("wc -l", "ms", 1)},
	} {
		row.judge()
		r.Rows = append(r.Rows, &row)
	}
	var out bytes.Buffer
	r.text(&out)
	// A reason for skipping is the last of its line and makes no column wider.
	want := strings.Join([]string{
		"1G, medians of 3, 2 processors",
		"                 goal    measured  holds  lazytrace     peer",
		"indexed",
		"  usage / wc -l  <= 4x   3x        yes    usage 300 ms  wc -l 100 ms",
		"  usage / lnav   <= 1/8  skipped          lnav is not here",
		"memory",
		"  µ              -       42 B      -      live 42 B     (told)",
		"  late           <= 2x   never     NO                   wc -l 1 ms  (nothing was measured)",
		"skipped: lnav is not here", "",
	}, "\n")
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestBenchmarkLines(t *testing.T) {
	got := benchmarks("goos: linux\nBenchmarkGrep-2   \t 3\t  25 ns/op\t 812.5 MB/s\nBenchmarkGrep-2 \t 3\t 26 ns/op\t 800 MB/s\nBenchmarkA/batch=100-16 10 5 rows/s\nPASS\n")
	if v := got["Grep"]["MB/s"]; len(v) != 2 || v[0] != 812.5 || v[1] != 800 {
		t.Errorf("%v", got)
	}
	if v := got["A/batch=100"]["rows/s"]; len(v) != 1 || v[0] != 5 {
		t.Errorf("%v", got)
	}
}

func TestBytesThatWereRead(t *testing.T) {
	trace := "1 pread64(5</logs/a.jsonl>, \"\"..., 4096, 0) = 4096\n" +
		"2 read(6</logs/b.jsonl>, \"\"..., 10) = 7\n" +
		"2 read(6</elsewhere/b.jsonl>, \"\"..., 10) = 9\n" +
		"2 read(6</logs/c.jsonl>, 0x1, 10) = -1 EINTR (Interrupted system call)\n" +
		"3 read(6</logs/c.jsonl>,  <unfinished ...>\n" +
		"4 read(6</elsewhere/b.jsonl>,  <unfinished ...>\n" +
		"4 <... read resumed>\"\"..., 100) = 50\n" +
		"3 <... read resumed>\"\"..., 100) = 100\n" +
		"3 <... read resumed>\"\"..., 100) = 100\n"
	if got := bytesRead([]byte(trace), "/logs"); got != 4203 {
		t.Errorf("%d", got)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"1G": 1e9, "100M": 1e8, "2.5M": 2.5e6, "5000000": 5e6} {
		if got, err := bytesOf(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "G", "10K", "x", "-1G", "NaN"} {
		if got, err := bytesOf(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
