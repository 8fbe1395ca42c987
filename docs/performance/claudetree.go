package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
)

// claudeTree adds up thousands of transcripts, with no summary of them kept.
func claudeTree(s *suite) error {
	tree, err := s.tree(s.size)
	if err != nil {
		return err
	}
	single, err := s.events(s.size)
	if err != nil {
		return err
	}
	lines, err := count(single)
	if err != nil {
		return err
	}
	var ours, theirs sums
	usage := contender{what: "usage", args: []string{s.lazytrace, "usage", "--json", "--by", "total", tree}, env: s.home,
		check: func(out []byte) (err error) { ours, err = sumsOf(out); return err }}
	race := []contender{usage, {what: "wc -l of one file", args: []string{"wc", "-l", single}, check: counted(lines)}}
	f, err := s.race(s.runs, true, race...)
	if err != nil {
		return err
	}
	s.add(Row{Name: "usage / wc -l of one file", Goal: atMost(6), Ours: f[0], Theirs: f[1]})

	node, dir, ok := s.packaged("ccusage")
	if !ok {
		s.skip("usage / ccusage", atMost(1./40), "ccusage is not here")
		s.skip("tokens / ccusage", equal, "ccusage is not here")
		return nil
	}
	// It takes so long that a run to get warm would be in nobody's interest.
	f, err = s.race(s.runs, false, usage, contender{
		what: "ccusage --offline", args: []string{node, filepath.Join(dir, "dist", "index.js"), "daily", "--offline", "--json"},
		env:   func() []string { return append(s.home(), "CLAUDE_CONFIG_DIR="+tree) },
		check: func(out []byte) (err error) { theirs, err = ccusageSums(out); return err },
	})
	if err != nil {
		return err
	}
	s.add(Row{Name: "usage / ccusage", Goal: atMost(1. / 40), Ours: f[0], Theirs: f[1]})
	for _, t := range []struct {
		name       string
		have, want int64
	}{
		{"input", ours.Input, theirs.Input}, {"output", ours.Output, theirs.Output},
		{"cache read", ours.CacheRead, theirs.CacheRead}, {"cache write", ours.CacheWrite + ours.CacheHour, theirs.CacheWrite},
	} {
		s.add(Row{Name: t.name + " tokens / ccusage", Goal: equal, Ours: figureOf("usage", "", float64(t.have)), Theirs: figureOf("ccusage", "", float64(t.want))})
	}
	return nil
}

func ccusageSums(text []byte) (sums, error) {
	var out struct {
		Totals *struct {
			Input      int64 `json:"inputTokens"`
			Output     int64 `json:"outputTokens"`
			CacheWrite int64 `json:"cacheCreationTokens"`
			CacheRead  int64 `json:"cacheReadTokens"`
		} `json:"totals"`
	}
	if err := json.Unmarshal(text, &out); err != nil || out.Totals == nil {
		return sums{}, fmt.Errorf("ccusage --json told no totals: %v", err)
	}
	t := out.Totals
	return sums{Input: t.Input, Output: t.Output, CacheWrite: t.CacheWrite, CacheRead: t.CacheRead}, nil
}
