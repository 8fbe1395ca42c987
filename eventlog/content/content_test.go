package content

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestTexts(t *testing.T) {
	if s, ok := String(json.RawMessage(` "a\nb"`)); !ok || s != "a\nb" {
		t.Errorf("%q %v", s, ok)
	}
	if s, ok := String(json.RawMessage(`"{\"a\":1}"`)); !ok || s != "{\n  \"a\": 1\n}" {
		t.Errorf("%q %v", s, ok)
	}
	if _, ok := String(json.RawMessage(`{"a":1}`)); ok {
		t.Error("an object is a text")
	}
	if s, ok := Blocks(json.RawMessage(`[{"type":"text","text":"a"},{"type":"text","text":"b"}]`)); !ok || s != "a\nb" {
		t.Errorf("%q %v", s, ok)
	}
	if _, ok := Blocks(json.RawMessage(`[{"type":"text","text":"a"},{"type":"image"}]`)); ok {
		t.Error("a list with an image is only text")
	}
	f, ok := Fields(json.RawMessage(` {"z":1,"a":{"b":[]}}`))
	if !ok || len(f) != 2 || f[0].Name != "z" || string(f[1].Value) != `{"b":[]}` {
		t.Errorf("%v %v", f, ok)
	}
	for _, none := range []string{``, `[1]`, `{}`, `{"a"`} {
		if _, ok := Fields(json.RawMessage(none)); ok {
			t.Errorf("%s has fields", none)
		}
	}
	if !Nothing(json.RawMessage(" null ")) || Nothing(json.RawMessage(`""`)) {
		t.Error("nothing is told wrong")
	}
}

func TestImages(t *testing.T) {
	data := strings.Repeat("A", 4000)
	for name, c := range map[string]struct{ body, want string }{
		"anthropic":              {`[{"type":"text","text":"see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + data + `"}}]`, "image/png, 3 kB"},
		"openai chat":            {`{"content":[{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,` + data + `"}}]}`, "image/jpeg, 3 kB"},
		"openai responses":       {`[{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]`, "image/png, 3 B"},
		"gemini":                 {`{"parts":[{"inlineData":{"mimeType":"image/webp","data":"AAAAAAAA"}}]}`, "image/webp, 6 B"},
		"mcp":                    {`[{"type":"image","mimeType":"image/gif","data":"AAAA"}]`, "image/gif, 3 B"},
		"a file with a name":     {`{"type":"file","mime":"image/png","filename":"a.png","url":"data:image/png;base64,AAAA"}`, "image/png, 3 B, a.png"},
		"an address":             {`{"type":"image_url","image_url":{"url":"https://example.com/cat.png"}}`, "image, https://example.com/cat.png"},
		"a list of data":         {`["data:image/png;base64,AAAA","data:image/png;base64,AAAA"]`, "image/png, 3 B; image/png, 3 B"},
		"no image":               {`{"type":"text","text":"data:image/png is a type","url":"https://example.com"}`, ""},
		"a path is no image":     {`{"file_path":"/a/b.png","data":"x"}`, ""},
		"a text that says image": {`[{"type":"output_text","text":"image"}]`, ""},
		"broken":                 {`[{"type":"image","source":{"data":`, ""},
	} {
		var got []string
		for _, i := range Images(json.RawMessage(c.body)) {
			got = append(got, i.String())
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

func TestEdits(t *testing.T) {
	for name, c := range map[string]struct{ tool, input, want string }{
		"claude":          {"Edit", `{"file_path":"/a.go","old_string":"one\ntwo","new_string":"one\nthree"}`, "edit /a.go\n@@\n one\n-two\n+three\n"},
		"claude, several": {"MultiEdit", `{"file_path":"a","edits":[{"old_string":"x","new_string":"y"},{"old_string":"p","new_string":""}]}`, "edit a\n@@\n-x\n+y\n@@\n-p\n"},
		"claude, whole":   {"Write", `{"file_path":"a","content":"x\ny\n"}`, "write a\n@@ -0,0 +1,2 @@\n+x\n+y\n"},
		"opencode":        {"edit", `{"filePath":"a","oldString":"x","newString":"y"}`, "edit a\n@@\n-x\n+y\n"},
		"pi":              {"edit", `{"path":"a","oldText":"x","newText":"y"}`, "edit a\n@@\n-x\n+y\n"},
		"gemini":          {"replace", `{"file_path":"a","old_string":"x","new_string":"y"}`, "edit a\n@@\n-x\n+y\n"},
		"swe-agent":       {"str_replace_editor", `{"command":"create","path":"a","file_text":"x\n"}`, "write a\n@@ -0,0 +1 @@\n+x\n"},
		"codex": {"apply_patch", `{"input":"*** Begin Patch\n*** Update File: a.go\n@@ func main\n-x\n+y\n*** Add File: b\n+new\n*** Delete File: c\n*** Update File: d\n*** Move to: e\n*** End Patch\nrest"}`,
			"edit a.go\n@@ func main\n-x\n+y\nadd b\n+new\ndelete c\nmove d > e\n"},
		"codex, bare":          {"apply_patch", `"*** Begin Patch\n*** Update File: a\n-x\n+y\n*** End Patch\n"`, "edit a\n-x\n+y\n"},
		"codex, in a command":  {"shell", `{"command":"apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: a\n-x\n+y\n*** End Patch\nEOF"}`, "edit a\n-x\n+y\n"},
		"codex, what is done":  {"apply_patch", `[{"path":"a.go","kind":"update"}]`, "edit a.go\n"},
		"a command":            {"Bash", `{"command":"ls","description":"list"}`, ""},
		"reads":                {"Read", `{"file_path":"a"}`, ""},
		"a note with a text":   {"remember", `{"path":"a","content":"x"}`, ""},
		"nothing changes":      {"Edit", `{"file_path":"a","old_string":"","new_string":""}`, ""},
		"a list of other kind": {"x", `[1,2]`, ""},
		"broken":               {"Edit", `{"file_path":"a","old_string":`, ""},
	} {
		var b strings.Builder
		for _, e := range Edits(c.tool, json.RawMessage(c.input)) {
			fmt.Fprintf(&b, "%s %s", e.Verb, e.Path)
			if e.To != "" {
				b.WriteString(" > " + e.To)
			}
			b.WriteString("\n" + e.Diff)
		}
		if b.String() != c.want {
			t.Errorf("%s: %q, want %q", name, b.String(), c.want)
		}
	}
}

func FuzzContent(f *testing.F) {
	for _, seed := range []string{`{"file_path":"a","edits":[{"old_string":"x"}]}`, `"*** Begin Patch\n*** Move to: x"`, `[{"type":"image","source":{"type":"image","source":{}}}]`, `{"url":"data:;base64,"}`, `[[[[`} {
		f.Add("edit", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, tool string, body []byte) {
		if n := len(Images(body)); n > mostImages {
			t.Errorf("%d images", n)
		}
		size := 0
		for _, e := range Edits(tool, body) {
			size += len(e.Diff)
		}
		if size > 8*len(body)+1000 {
			t.Errorf("edits of %d bytes of %d", size, len(body))
		}
		String(body)
		Blocks(body)
		Fields(body)
	})
}
