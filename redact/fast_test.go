package redact

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// What the scanner steps over without a look is what it would have found
// nothing in.
func TestOrdinaryWordsSayNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	words := strings.Fields(`password passwd token secret key api apikey basic bearer Bearer Token auth value default val is was to by identified
		the agent reads a plan and writes it PASSWORD curl mysql -p -u --user sk pat gl xox Q~ a~b thin: tcp( @tcp( %22 \\nkey \\u0022ab hunter2 x9 i w v in will secret_agent agent base phrase pass thin.x unix 12 345 99999 again below personal almost`)
	seen := 0
	for range 20_000 {
		var b strings.Builder
		for range 2 + r.IntN(8) {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteString([]string{" ", " ", " ", "  ", "=", ": ", "\n", ". ", ".\\n", "\", ", "\": \"", ", ", ")"}[r.IntN(13)])
		}
		s := b.String()
		for i := 0; i < len(s); i++ {
			j := run(s, i, cLetter)
			passed := false
			if j == i {
				j = run(s, i, cDigit)
				passed = j > i && strings.LastIndexFunc(s[:i], func(r rune) bool { return r < 0x80 && is(byte(r), cWord) }) != i-2 && number(s, i, j)
			} else {
				passed = ordinary(s, i, j)
			}
			if i > 0 && is(s[i-1], cWord) || j == i || j < len(s) && is(s[j], cWord) || !passed {
				continue
			}
			seen++
			c := scanner{s: s, depth: maxDepth, prev: -1}
			if e := strings.LastIndexFunc(s[:i], func(r rune) bool { return r < 0x80 && is(byte(r), cWord) }); e >= 0 { // the word before it
				c.prev, c.prevFrom = e+1, e
				for c.prevFrom > 0 && is(s[c.prevFrom-1], cWord) {
					c.prevFrom--
				}
			}
			if i > 0 { // a name before it that still waits for its value
				c.named, c.namedKind = 1, keyKind{secret, "key"}
			}
			before := c
			// Two words that are a name together, without a value, are not waited with.
			together := i > 0 && s[i-1] == ' ' && before.prev == i-1
			if to := c.word(i, j); to != j || len(c.spans) > 0 || c.prevFrom != i || c.prev != j || c.named != before.named && !together {
				t.Fatalf("in %q %q is not ordinary: went on at %d, masks %v", s, s[i:j], to, c.spans)
			}
		}
	}
	if seen < 10_000 {
		t.Errorf("only %d ordinary words", seen)
	}
}

func TestEveryNameIsFoundByItsEnd(t *testing.T) {
	t.Parallel()
	find := func(name string) int { return names().find(name) }
	for k, row := range keyNames {
		for name := range strings.FieldsSeq(row.ends) {
			if at := find("some" + name); at != k {
				t.Errorf("some%s: row %d, want %d", name, at, k)
			}
		}
		for name := range strings.FieldsSeq(row.words) {
			if at := find("My_" + strings.ToUpper(name)); at != k {
				t.Errorf("My_%s: row %d, want %d", name, at, k)
			}
			if at := find("q" + name); at == k {
				t.Errorf("q%s: row %d, but no word begins there", name, at)
			}
		}
		for name := range strings.FieldsSeq(row.wholes) {
			if at := find("-" + name); at != k {
				t.Errorf("-%s: row %d, want %d", name, at, k)
			}
		}
		for name := range strings.FieldsSeq(row.ends + " " + row.words + " " + row.wholes) {
			if !row.in && row.is != plain && !tellingEnd(name) {
				t.Errorf("%s: nobody would ask for it", name)
			}
		}
	}
	if at := find("haystack"); at != len(keyNames) {
		t.Errorf("haystack: row %d", at)
	}
}

// Most events hold no secret: looking at one must not cost memory.
func TestCleanDocumentIsNotCopied(t *testing.T) {
	red := secrets(t)
	doc := []byte(`{"role": "tool", "content": "package main\\n\\nfunc main() {\\n\\tprintln(\\"hello\\")\\n}", "args": "{\\"path\\": \\"a.go\\"}", "n": [1, 2, {"x": null}]}`)
	if got, n := red.JSON(doc); n != 0 || &got[0] != &doc[0] {
		t.Errorf("%d masks in %s", n, got)
	}
	if n := testing.AllocsPerRun(200, func() { red.JSON(doc) }); n > 4 {
		t.Errorf("%v allocations", n)
	}
}
