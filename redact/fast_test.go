package redact

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// slowly is walk with every word looked at.
func (c *scanner) slowly() {
	s := c.s
	for i := 0; i < len(s); {
		switch k := class[s[i]]; {
		case k&cWord != 0:
			i = c.word(i, run(s, i, cWord))
		case k&cStop != 0:
			i = c.stop(i)
		default:
			i++
		}
	}
}

// What the scanner steps over without a look is what it would have found nothing in.
func TestQuietWordsSayNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	words := strings.Fields(`password passwd token secret key api apikey basic bearer Bearer Token auth value default val is was to by identified
		the agent reads a plan and writes it PASSWORD curl mysql -p -u --user sk pat gl xox Q~ a~b thin: tcp( @tcp( %22 \\nkey \\u0022ab hunter2 x9 i w v in will
		secret_agent agent base phrase pass thin.x unix 12 345 99999 again below personal almost session_id tool_use_id API_KEY_PROD pass_old otp_primary secretive
		accessKeyHolder credentialHelper db_pass_wd main_jw_t database_id x_base64_b64 ?sig= &code= x-api-key content-type 1788249604.83 1//0 2026-09-01T08:14 7d838972-c9fb-4cd6-9808-84c59a05e393 toolu_fb19fc1f62eda312
		basic64 BASIC bAsic bot apikeys/ src/main src/secretly path/to dp.st hvs. aGVsbG8gd29ybGQgdGhpcyBpcw Private-Lines: \\n1 \\t\\t \\\\work \\rest %41bc 123:x eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln
		https://h/ user:pw@ [ab < 033[31m \x1b[1m name= k3Zx9QmW2pLr7TnB4vYc key-0123456789abcdef0123 12345678:AAaa0bbBB1ccCC2ddDD3eeEE4ffFF5gg`)
	joints := []string{" ", " ", " ", "  ", "=", ": ", ":", "\n", ". ", ".\\n", "\", ", "\": \"", ", ", ")", "/", "+", "(", "'", "~", "\\", "*", "|", ".", "_", "-", "\t", "=\"", "%", "@", "?", "\xc2\xa0"}
	masks := 0
	for range 100_000 {
		var b strings.Builder
		for range 2 + r.IntN(8) {
			w := words[r.IntN(len(words))]
			if r.IntN(4) == 0 {
				w = apart(r, someName(r))
			}
			if r.IntN(16) == 0 {
				w = strings.ToUpper(w)
			}
			b.WriteString(w)
			b.WriteString(joints[r.IntN(len(joints))])
		}
		s := b.String()
		for _, f := range []flags{0, public} {
			fast := scanner{s: s, depth: maxDepth, prev: -1, flags: f}
			fast.walk()
			slow := scanner{s: s, depth: maxDepth, prev: -1, flags: f}
			slow.slowly()
			if masks += len(slow.spans); !slices.Equal(fast.spans, slow.spans) {
				t.Fatalf("in %q masks %v, want %v", s, fast.spans, slow.spans)
			}
		}
	}
	if masks < 10_000 {
		t.Errorf("only %d masks", masks)
	}
}

// someName returns the name of a secret.
func someName(r *rand.Rand) string {
	row := keyNames[r.IntN(len(keyNames))]
	all := strings.Fields(row.ends + " " + row.words + " " + row.wholes)
	return all[r.IntN(len(all))]
}

// apart puts something that joins words into a name.
func apart(r *rand.Rand, name string) string {
	at := 1 + r.IntN(len(name)-1)
	return name[:at] + string("_- "[r.IntN(3)]) + name[at:]
}

// What joins the words of a long name does not keep it from being known.
func TestNamesAreKnownHoweverTheyAreJoined(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	known := 0
	for range 20_000 {
		name := apart(r, "of_the_"+someName(r))
		row := names().find(name)
		if row == len(keyNames) || keyNames[row].in || keyNames[row].kind == "token" || keyNames[row].kind == "key" {
			continue // those look at what stands before as well
		}
		known++
		if got := keyOf(name); got != keyNames[row].keyKind {
			t.Fatalf("%q is %v, want %v", name, got, keyNames[row].keyKind)
		}
	}
	if known < 5000 {
		t.Errorf("only %d names", known)
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
