//go:build unix

package external

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/redact"
)

func program(t *testing.T, command string) *Program {
	t.Helper()
	first, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := New(command, first)
	p.limit *= 30 // the machine may be busy
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestProgramMasksBehindTheRules(t *testing.T) {
	t.Parallel()
	p := program(t, `sed -u 's/Project Falcon/[REDACTED:project]/g'`)
	key := "sk-" + strings.Repeat("aB3", 12)
	in := `{"n": 1.50, "Project Falcon":"x","args":"{\"goal\":\"ship Project Falcon\",\"key\":\"` + key + `\"}","list":["Project Falcon",null]}`
	want := `{"n": 1.50, "Project Falcon":"x","args":"{\"goal\":\"ship [REDACTED:project]\",\"key\":\"[REDACTED:api-key]\"}","list":["[REDACTED:project]",null]}`
	for range 2 { // the second time from a program that is running
		out, n := p.JSON([]byte(in))
		if string(out) != want || n != 3 {
			t.Fatalf("%d: %s (%v)", n, out, p.Fault())
		}
	}
	if again, n := p.JSON([]byte(want)); string(again) != want || n != 0 {
		t.Errorf("second pass: %d %s", n, again)
	}
	if out, n := p.Text("about Project Falcon"); out != "about [REDACTED:project]" || n != 1 {
		t.Errorf("text: %d %q", n, out)
	}
}

func TestAnswersCannotBreakTheDocument(t *testing.T) {
	t.Parallel()
	p := program(t, `sed -u 's/"text":"x"/"text":"\\"}]\\n\\u0000"/'`)
	out, n := p.JSON([]byte(`{"a":"x","b":["x",{"c":"y"}]}`))
	if n != 2 || !json.Valid(out) {
		t.Errorf("%d %s (%v)", n, out, p.Fault())
	}
}

func TestManyTextsAtOnceDoNotBlock(t *testing.T) {
	t.Parallel()
	p := program(t, "cat")
	texts := make([]string, 3000)
	for i := range texts {
		texts[i] = strings.Repeat("word ", 200)
	}
	doc, _ := json.Marshal(texts)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if out, n := p.JSON(doc); n != 0 || string(out) != string(doc) {
				t.Errorf("%d masks, %d bytes (%v)", n, len(out), p.Fault())
			}
		})
	}
	all.Wait()
}

func TestProgramsThatFail(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"is not there":    "/nowhere/at/all",
		"ends":            "exit 3",
		"answers once":    "head -n 1",
		"prints garbage":  "while read -r line; do echo oops; done",
		"mixes up ids":    `sed -u 's/"id":[0-9]*/"id":0/'`,
		"leaves out text": `sed -u 's/"text"/"other"/'`,
		"is silent":       "while read -r line; do :; done",
		"reads nothing":   "sleep 60",
		"answers null":    `sed -u 's/.*/null/'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := program(t, command)
			p.limit, p.start = 200*time.Millisecond, 0 // those that never answer
			doc := []byte(`{"a":"one text","b":"another text","c":"` + strings.Repeat("z", 200_000) + `"}`)
			for range mostFailures + 2 {
				if out, n := p.JSON(doc); n != Failed || out != nil {
					t.Fatalf("%d %q", n, out)
				}
			}
			if out, n := p.Text("a third text"); n != Failed || out != "" {
				t.Errorf("%d %q", n, out)
			}
			if !errors.Is(p.Fault(), ErrProgram) || strings.Contains(p.Fault().Error(), "oops") {
				t.Errorf("fault: %v", p.Fault())
			}
			if p.talk != nil {
				t.Error("it is still running")
			}
		})
	}
}

func TestItIsStartedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// The first one ends, the second one works.
	p := program(t, `if mkdir '`+dir+`/once' 2>/dev/null; then exit 1; fi; exec cat`)
	if _, n := p.Text("a"); n != Failed {
		t.Errorf("the first one: %d", n)
	}
	if out, n := p.Text("a"); n != 0 || out != "a" {
		t.Errorf("the second one: %d %q", n, out)
	}
}
