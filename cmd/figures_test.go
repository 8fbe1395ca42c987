package cmd

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

// figures are what a reading and the ledger are compared by.
type figures struct {
	Calls      int64 `json:"calls"`
	Input      int64 `json:"input_tokens"`
	CacheRead  int64 `json:"cache_read_tokens"`
	Write5m    int64 `json:"cache_write_5m_tokens"`
	Write1h    int64 `json:"cache_write_1h_tokens"`
	Output     int64 `json:"output_tokens"`
	Reasoning  int64 `json:"reasoning_tokens"`
	ToolCalls  int64 `json:"tool_calls"`
	ToolErrors int64 `json:"tool_errors"`
	Errors     int64 `json:"errors"`
	Asking     int64 `json:"-"` // runs that made calls
}

// less names the figures that differ, and by how much.
func (f figures) less(want figures) string {
	number := func(f figures) map[string]int64 {
		m := map[string]int64{}
		text, _ := json.Marshal(f)
		_ = json.Unmarshal(text, &m)
		m["runs with calls"] = f.Asking
		return m
	}
	have, wanted := number(f), number(want)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if d := have[name] - wanted[name]; d != 0 {
			list = append(list, fmt.Sprintf("%s %+d", name, d))
		}
	}
	return strings.Join(list, ", ")
}

// figuresOf is what entries of a ledger come to.
func figuresOf(entries []scripted.Entry) figures {
	sum := scripted.Sum(entries)
	u := sum.Usage
	var told int64
	for _, e := range entries {
		if e.Served() && e.Fault != "" && e.Fault != scripted.Torn {
			told++
		}
	}
	return figures{
		Calls: sum.Calls, Input: u.Input, CacheRead: u.CacheRead, Write5m: u.CacheWrite5m, Write1h: u.CacheWrite1h, Output: u.Output,
		Reasoning: u.Reasoning, ToolCalls: sum.ToolCalls, ToolErrors: sum.ToolErrors, Errors: sum.ToolErrors + sum.Refused + told, Asking: asking(entries, nil),
	}
}

// asking counts the runs that had answers: sessions and sub-agents by what the
// headers say, and by the command where each command is a run of its own.
func asking(entries []scripted.Entry, commands map[int]int) int64 {
	runs := map[string]bool{}
	for _, e := range entries {
		if e.Served() {
			who := e.Who.Session
			if commands != nil {
				who = fmt.Sprint(commands[e.Serial])
			}
			runs[who+" "+e.Who.Agent] = true
		}
	}
	return int64(len(runs))
}

// usageFigures has the program add up what lies at the paths.
func usageFigures(t *testing.T, paths ...string) (f figures) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "lazytrace", append([]string{"usage", "--json"}, paths...)...)
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	out, err := c.Output()
	if err != nil {
		t.Fatalf("usage of %v: %v", paths, err)
	}
	var d struct {
		Total figures            `json:"total"`
		Runs  map[string]figures `json:"by_run"`
	}
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	for _, run := range d.Runs {
		if run.Calls > 0 {
			d.Total.Asking++
		}
	}
	return d.Total
}
