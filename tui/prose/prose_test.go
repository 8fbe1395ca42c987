package prose

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog/textdiff"
)

// spell writes a page with its kinds, for comparing.
func spell(p *Page) string {
	names := map[Kind]string{Heading: "h", Strong: "s", Emphasis: "e", Code: "c", Quote: "q", Link: "l", Added: "a", Removed: "r", Fresh: "F", Gone: "G", Dim: "d", Faint: "", Bad: "b", JSON: "j"}
	var b strings.Builder
	for _, row := range p.Rows {
		for _, piece := range row {
			if n := names[piece.Kind]; n != "" {
				b.WriteString(n + "<" + piece.Text + ">")
				continue
			}
			b.WriteString(piece.Text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"heading", "## What `x` is ##", "h<What >c<x>h< is>\n"},
		{"hash that is none", "#412 is open", "#412 is open\n"},
		{"emphasis", "a **b c** *d* e_f_g _h_ 2 * 3 * 4", "a s<b c> e<d> e_f_g e<h> 2 * 3 * 4\n"},
		{"code", "run `go test ./...` and ``a`b``", "run c<go test ./...> and c<a`b>\n"},
		{"unclosed", "a `b **c [d](", "a `b **c [d](\n"},
		{"link", "see [the page](https://example.org/a).", "see l<the page>.\n"},
		{"list", "- one\n  - [x] two\n10. three", "d<· >one\nd<  · [x] >two\nd<10. >three\n"},
		{"item goes on below itself", "- aaaa bbbb cccc dddd eeee ffff", "d<· >aaaa bbbb cccc dddd eeee\n  ffff\n"},
		{"quote", "> so it **is**", "│ q<so it >s<is>\n"},
		{"fence", "```go\nfunc main() {}\n# no heading\n```\nafter", "│ d<go>\n│ c<func main() {}>\n│ c<# no heading>\nafter\n"},
		{"fence in a fence", "````\n```\nx\n```\n````", "│ c<```>\n│ c<x>\n│ c<```>\n"},
		{"unclosed fence", "~~~\n**x**", "│ c<**x**>\n"},
		{"table", "| a | b |\n|---|---|\n| `1` | 2 |", "| a | b |\n|---|---|\n| c<1> | 2 |\n"},
		{"rule and blanks", "a\n\n\n---\nb", "a\n\n──────────────────────────\nb\n"},
		{"control bytes", "\x1b[31mred\x1b[m", "\\x1b[31mred\\x1b[m\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(26, 100)
			p.Markdown(c.text)
			if got := spell(p); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"a word in a line", "one two three\nfour\n", "one 2 three\nfour\n", "r<- >r<one >G<two>r< three>\na<+ >a<one >F<2>a< three>\nd<  >d<four>\n"},
		{"little in common", "I read the lock first.\n", "Run it.\n", "r<- >r<I read the lock first>r<.>\na<+ >a<Run it>a<.>\n"},
		{"a whole line", "one\n", "two\n", "r<- >r<one>\na<+ >a<two>\n"},
		{"far from each other", "a\nb\nc\nd\ne\nf\ng\n", "A\nb\nc\nd\ne\nf\nG\n", "r<- >r<a>\na<+ >a<A>\nd<  >d<b>\nd<  >d<c>\n┆ d<1 line the same>\nd<  >d<e>\nd<  >d<f>\nr<- >r<g>\na<+ >a<G>\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(40, 100)
			p.Changes(textdiff.Words(c.a, c.b))
			if got := spell(p); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestPatch(t *testing.T) {
	p := New(40, 100)
	p.Patch("@@\n a\n-b\n+c\n@@\n+d\n\\ No newline at end of file\n")
	if got, want := spell(p), "d<  >d<a>\nr<- >r<b>\na<+ >a<c>\n┆\na<+ >a<d>\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestPagesAreBounded(t *testing.T) {
	p := New(10, 50)
	p.Markdown(strings.Repeat("a b c d e f g h i j\n", 10_000))
	if len(p.Rows) != 50 || !p.Cut {
		t.Errorf("%d rows, cut %v", len(p.Rows), p.Cut)
	}
}

func TestFind(t *testing.T) {
	if at, n := Find("see the ERROR there", []string{"there", "error"}); at != 8 || n != 5 {
		t.Errorf("found at %d, %d long", at, n)
	}
	if at, _ := Find("nothing", []string{"x", ""}); at != -1 {
		t.Errorf("found at %d", at)
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{"# a\n- b **c** `d`\n```\ne\n```", "字字字 **字** [x](y)", "\x1b[2Jx\u202e", "a\tb\r\nc", strings.Repeat("e\u0301", 40), `{"a":["b",1,null]}`, "🧑‍🚀🇩🇪👍🏽 `🧑‍🚀`"} {
		f.Add(s, 12)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = max(8, min(200, width))
		p := New(width, 500)
		p.Markdown(s)
		p.Text(Plain, s)
		p.Patch(s)
		p.Body([]byte(s))
		p.Changes(textdiff.Words(s, s+"x"))
		for _, row := range p.Rows {
			text := row.String()
			if strings.ContainsAny(text, "\n\x1b\r\t\x07") {
				t.Fatalf("a control byte in a row: %q", text)
			}
			if n := rowWidth(row); n > width+1 {
				t.Fatalf("a row of %d cells on a page of %d: %q", n, width, text)
			}
		}
	})
}
