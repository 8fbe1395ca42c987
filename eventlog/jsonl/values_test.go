package jsonl

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readValues spells all values of a text, read in blocks of one size.
func readValues(t *testing.T, text string, block int) string {
	t.Helper()
	l := NewLines(strings.NewReader(text), LinesOptions{Values: true, Block: block})
	var out strings.Builder
	for {
		line, err := l.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := text[line.Pos : line.Pos+int64(len(line.Body))]; got != string(line.Body) {
			t.Errorf("%q is said to lie at %d, where %q is", line.Body, line.Pos, got)
		}
		fmt.Fprintf(&out, "%q", strings.Join(strings.Fields(string(line.Body)), ""))
		if line.Fault != nil {
			out.WriteString(" (" + line.Fault.Error() + ")")
		}
		out.WriteByte('\n')
	}
	if r, yes := l.Pending(); yes {
		fmt.Fprintf(&out, "pending %q\n", strings.Join(strings.Fields(string(r.Body)), ""))
	}
	return out.String()
}

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"a\": 1\n}\n{\n  \"b\": {\n    \"c\": [\n      1\n    ]\n  }\n}\n": "\"{\\\"a\\\":1}\"\n\"{\\\"b\\\":{\\\"c\\\":[1]}}\"\n",
		"{\"a\":\"}{\"}{\"b\":\"\\\"}\\\\\"}":                                     "\"{\\\"a\\\":\\\"}{\\\"}\"\n\"{\\\"b\\\":\\\"\\\\\\\"}\\\\\\\\\\\"}\"\n",
		"[\n{\"a\":1},\n{\"b\":2}\n]\n":                                           "\"{\\\"a\\\":1}\"\n\"{\\\"b\\\":2}\"\n",
		"npm warn x\n{\n \"a\": 1\n}\n":                                           "\"npmwarnx\"\n\"{\\\"a\\\":1}\"\n",
		"{\n  \"a\": {\n    \"b\"":                                                "pending \"{\\\"a\\\":{\\\"b\\\"\"\n",
		// A value that was cut off, in the middle of a string, does not take in the next.
		"{\n  \"a\": \"x\n{\n  \"b\": 2\n}\n": "\"{\\\"a\\\":\\\"x\" (line was never finished)\n\"{\\\"b\\\":2}\"\n",
		// Without indentation a brace alone on its line tells nothing.
		"{\n\"a\":\n{\n\"b\": 2\n}\n}\n": "\"{\\\"a\\\":{\\\"b\\\":2}}\"\n",
		"":                               "",
		" \n\t":                          "",
	} {
		for _, block := range []int{1, 2, 3, 7, 0} {
			if got := readValues(t, text, block); got != want {
				t.Errorf("%q in blocks of %d:\n%swant\n%s", text, block, got, want)
			}
		}
	}
}

func TestValuesOverTheLimit(t *testing.T) {
	text := "{\n  \"a\": \"" + strings.Repeat("x", 2000) + "\"\n}\n{\"b\":1}\n"
	l := NewLines(strings.NewReader(text), LinesOptions{Values: true, Block: 64, Limit: 200})
	first, err := l.Next(context.Background())
	if err != nil || first.Fault != ErrTooLong || first.Size != strings.Index(text, "}")+1 {
		t.Fatalf("%+v, %v", first, err)
	}
	if second, err := l.Next(context.Background()); err != nil || string(second.Body) != `{"b":1}` {
		t.Fatalf("%q, %v", second.Body, err)
	}
}

// A value that is being written waits until it is whole.
func TestFollowValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "telemetry.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	follow, err := Follow(path, FollowOptions{LinesOptions: LinesOptions{Values: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer follow.Close()
	var got bytes.Buffer
	for _, piece := range []string{"{\n  \"a\"", ": 1\n", "}", "\n{\n", "  \"b\": \"}\"\n}\n"} {
		if _, err := f.WriteString(piece); err != nil {
			t.Fatal(err)
		}
		follow.Resume()
		for {
			line, err := follow.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got.Write(line.Body)
			got.WriteString(";")
		}
		got.WriteString("|")
	}
	if want := "||{\n  \"a\": 1\n};||{\n  \"b\": \"}\"\n};|"; got.String() != want {
		t.Errorf("%q, want %q", got.String(), want)
	}
}
