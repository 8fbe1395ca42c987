package redact

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// trace returns about a megabyte of lines such as agents write: messages, tool
// calls with JSON arguments, tool output with code, now and then a secret.
func trace(secretEvery int) string {
	r := rand.New(rand.NewPCG(9, 9))
	var b strings.Builder
	for i := 0; b.Len() < 1<<20; i++ {
		args, _ := json.Marshal(map[string]any{"path": fmt.Sprintf("/src/pkg%d/file.go", i), "limit": 2000})
		out := "package main\n\nfunc (s *Server) handle(w http.ResponseWriter, r *http.Request) error {\n\tif err := s.store.Load(r.Context(), id); err != nil {\n\t\treturn fmt.Errorf(\"load %q: %w\", id, err)\n\t}\n\treturn nil\n}\n"
		if secretEvery > 0 && i%secretEvery == 0 {
			out += "API_KEY=" + draw(r, alnum, 32) + "\n"
		}
		line, _ := json.Marshal(map[string]any{
			"type": "tool_result", "id": "toolu_01" + draw(r, alnum, 22), "session": draw(r, hexes, 32), "arguments": string(args),
			"usage": map[string]int{"input_tokens": 1200 + i, "output_tokens": i}, "content": out + strings.Repeat("Then the agent explains what it changed and why. ", 8),
		})
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

func BenchmarkText(b *testing.B) {
	red := secrets(b)
	for _, c := range []struct {
		name string
		text string
	}{
		{"trace", trace(0)},
		{"trace with secrets", trace(20)},
		{"source", strings.Repeat("\tif v, ok := c.items[key]; ok && !v.expired(now) { // the common case\n\t\treturn v.value, nil\n\t}\n", 10_000)},
		{"base64", draw(rand.New(rand.NewPCG(2, 2)), alnum+"+/", 1<<20)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				red.Text(c.text)
			}
		})
	}
	for _, size := range []int{64, 64 << 10} {
		b.Run(fmt.Sprintf("stream in pieces of %d", size), func(b *testing.B) {
			text := trace(0)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				st := red.Stream()
				for i := 0; i < len(text); i += size {
					st.Write(text[i:min(len(text), i+size)])
				}
				st.Close()
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	red := secrets(b)
	for _, c := range []struct {
		name string
		text string
	}{{"lines", trace(0)}, {"lines with secrets", trace(20)}} {
		b.Run(c.name, func(b *testing.B) {
			var lines [][]byte
			for line := range strings.Lines(c.text) {
				lines = append(lines, []byte(line))
			}
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				for _, line := range lines {
					red.JSON(line)
				}
			}
		})
	}
}
