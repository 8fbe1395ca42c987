package trouble_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/rollup/trouble"
)

// Messages as agents, shells, compilers and providers spell them.
var messages = []struct{ name, message, want string }{
	{"nothing", "", ""},
	{"blank lines only", " \n\t\n", ""},
	{"shell, with the code on top", "Exit code 3\ncat: /no/such-file: No such file or directory", "cat: <path>: No such file or directory"},
	{"shell, with the code below", "cat: /no/such-file: No such file or directory\n\n\nCommand exited with code 3", "cat: <path>: No such file or directory"},
	{"shell, in a report", "Chunk ID: 793e31\nWall time: 0.0000 seconds\nProcess exited with code 3\nOriginal token count: 13\nOutput:\ncat: /x: No such file or directory", "cat: <path>: No such file or directory"},
	{"a code alone", "Exit code 137", "exit code 137"},
	{"a code after nothing", "(no output)\n\nCommand exited with code 1", "exit code 1"},
	{"a code in JSON", `{"output":"","metadata":{"exit_code":2,"duration_seconds":0.1}}`, "exit_code 2, duration_seconds #"},
	{"a negative code", "exit code -1", "exit code -1"},
	{"status of a program", "exit status 2", "exit code 2"},
	{"unknown command", "Exit code 127\n(eval):1: command not found: tree", "(eval):#: command not found: tree"},
	{"line of a script", "/bin/bash: line 12: jq: command not found", "<path>: line #: jq: command not found"},
	{"git, a branch", "Exit code 128\nfatal: The current branch fix-login has no upstream branch.\nTo push the current branch and set the remote as upstream, use", "fatal: The current branch <name> has no upstream branch"},
	{"git, quoted", "fatal: pathspec 'priv/repo/20260212155510_add.exs' did not match any files", "fatal: pathspec '…' did not match any files"},
	{"git, a commit", "error: could not apply 3f2a9bc... tidy up", "error: could not apply <id>... tidy up"},
	{"a tag around it", "<tool_use_error>File does not exist.</tool_use_error>", "File does not exist"},
	{"a tag that is cut off", "<tool_use_error>File has not been read yet. Read it first before writing to it.", "File has not been read yet. Read it first before writing to it"},
	{"sizes", "File content (806.5KB) exceeds maximum allowed size (256KB).", "File content (<size>) exceeds maximum allowed size (<size>)"},
	{"a sentence that ends with a path", "Could not find the exact text in /home/dev/a.ts. The old text must match.", "Could not find the exact text in <path>. The old text must match"},
	{"a Windows path", `The system cannot find the file C:\Users\dev\new\main.go`, "The system cannot find the file <path>"},
	{"a home", "open ~/notes/plan.md: permission denied", "open <path>: permission denied"},
	{"a relative path", "src/app/main.ts:12:5 - error TS2304: Cannot find name 'foo'.", "<path> - error TS2304: Cannot find name '…'"},
	{"a path with parentheses", "../a/b.ts(16,58): error TS2305: Module 'x' has no exported member 'y'.", "<path>: error TS2305: Module '…' has no exported member '…'"},
	{"words with a slash", "read/write error on input/output", "read/write error on input/output"},
	{"a file name alone", "main.go:41:2: undefined: frobnicate", "<path>: undefined: frobnicate"},
	{"go test", "=== RUN   TestA\n    a_test.go:12: got 3, want 4\n--- FAIL: TestA (0.00s)\nFAIL\nexit status 1", "FAIL: TestA (<duration>)"},
	{"go panic", "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/x/main.go:7 +0x1d", "panic: runtime error: index out of range [#] with length #"},
	{"Python traceback", "Traceback (most recent call last):\n  File \"/home/dev/a.py\", line 3, in <module>\n    raise ValueError(\"cannot do this\")\nValueError: bad value 17 in '/x/y'", "ValueError: bad value # in '…'"},
	{"Python module", "Exit code 1\nTraceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    import requests\nModuleNotFoundError: No module named 'requests'", "ModuleNotFoundError: No module named '…'"},
	{"pytest", "============ test session starts ============\ncollected 3 items\n\nFAILED tests/test_a.py::test_b - AssertionError: assert 3 == 4\n1 failed, 2 passed in 0.12s", "FAILED <path>::test_b - AssertionError: assert # == #"},
	{"pydantic, one", "1 validation error for User\nage\n  Input should be a valid integer", "# validation error for User"},
	{"pydantic, more", "2 validation errors for User\nage\n  Input should be a valid integer", "# validation error for User"},
	{"node", "node:internal/modules/cjs/loader:1143\n  throw err;\n  ^\n\nError: Cannot find module './config.js'\nRequire stack:\n- /home/dev/a.js\n    at Module._resolve (node:internal:1:2)", "Error: Cannot find module '…'"},
	{"npm", "\n> shop@0.0.3 check\n> tsc --noEmit && eslint .\n\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 2", "npm ERR! code ELIFECYCLE"},
	{"rust", "   Compiling shop v0.1.0 (/home/dev/shop)\nwarning: unused variable: `x`\nerror[E0308]: mismatched types\n  --> src/main.rs:4:18\n   |\n4  |     let x: i32 = \"a\";", "error[E0308]: mismatched types"},
	{"make", "make: *** [Makefile:12: build] Error 2", "make: *** [Makefile:#: build] Error #"},
	{"curl", "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server", "curl: (#) Failed to connect to localhost port # after <duration>: Couldn't connect to server"},
	{"an address", "dial tcp 10.1.2.3:5432: connect: connection refused", "dial tcp <host>: connect: connection refused"},
	{"a URL", "fetch failed: https://example.com/a/b?c=d#e (status 404)", "fetch failed: <url> (status 404)"},
	{"HTTP", "HTTP 503 from upstream after 30s", "HTTP 503 from upstream after <duration>"},
	{"provider, overloaded", "API Error: 529 Overloaded. If it persists, check your gateway (127.0.0.1:18377).", "API Error: 529 Overloaded. If it persists, check your gateway (<host>)"},
	{"provider, refused", `400 {"type":"error","error":{"type":"invalid_request_error","message":"messages.236: ids were found without blocks: toolu_019tYDrbzifrra2KYzmYqWvk."},"request_id":"req_011CVvAQm5gLufA1cDeHobKh"}`, "400 messages.#: ids were found without blocks: <id>., request_id <id>"},
	{"provider, in brackets", `[API Error: {"error":{"code":400,"message":"bad thing","status":"INVALID_ARGUMENT"}}]`, "[API Error: code 400, bad thing, status INVALID_ARGUMENT]"},
	{"rate limit", "Rate limit reached for gpt-5 in organization org-AbC123def456ghi on tokens per min (TPM): Limit 30000, Used 29500. Please try again in 1.2s.", "Rate limit reached for gpt-# in organization <id> on tokens per min (TPM): Limit #, Used #. Please try again in <duration>"},
	{"timeouts", "Tool 'search' timed out after 2m 30s", "Tool '…' timed out after <duration>"},
	{"timeouts in milliseconds", "Command timed out after 120000ms", "Command timed out after <duration>"},
	{"a moment", "2026-03-01T10:00:01.123Z ERROR worker 7 lost at 10:00:02", "<time> ERROR worker # lost at <time>"},
	{"a uuid", "session 0f0e0d0c-1111-4aaa-8bbb-cccccccccccc is gone", "session <id> is gone"},
	{"a uuid alone", "no row 0f0e0d0c-1111-4aaa-8bbb-cccccccccccc", "no row <id>"},
	{"an address in memory", "segmentation fault at 0x7ffe3a2b", "segmentation fault at <id>"},
	{"a temporary name", "cannot remove tmp.Xy12Ab: busy", "cannot remove <tmp>: busy"},
	{"colours", "\x1b[31m\x1b[1merror\x1b[0m: \x1b]8;;http://x\x07boom\x1b]8;;\x07", "error: boom"},
	{"a title of a terminal that never ends", "\x1b]0;evil", ""},
	{"apostrophes are no quotes", "The user doesn't want to proceed: it can't be undone", "The user doesn't want to proceed: it can't be undone"},
	{"quotes of all kinds", "no \"a b\" in `c d` of “e” or 'f g'", `no "…" in ` + "`…`" + ` of “…” or '…'`},
	{"a report with titles", "Exit code 2\nChecking 3 source files ...\n\n  Software Design\n┃ \n┃ [D] ↘ Nested modules could be aliased at the top of the invoking module.\n┃       lib/a.ex:135:5", "[D] ↘ Nested modules could be aliased at the top of the invoking module"},
	{"where it is, before what it is", "└─ test/a_test.exs:153:7: Shop.ATest\n** (RuntimeError) boom", "(RuntimeError) boom"},
	{"versions", "needs go v1.27.3, has v1.20", "needs go v#, has v#"},
	{"names with digits stay", "utf8 codec and sha256 disagree on python3", "utf8 codec and sha256 disagree on python3"},
	{"spaces", "  all\t  of \u00a0 it\r\n", "all of it"},
	{"lines that a hook spelled twice", `Pre-commit validation failed:\n\n[FORMAT] Code is not formatted.`, "Pre-commit validation failed"},
	{"a warning before the error", "warning: LF will be replaced\nfatal: not a git repository", "fatal: not a git repository"},
	{"no errors were found before it", "Found 0 errors.\nUnable to write the report", "Unable to write the report"},
}

func TestSignature(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			got := trouble.Signature(m.message)
			if got != m.want {
				t.Errorf("signature of %q\n got %q\nwant %q", m.message, got, m.want)
			}
			if again := trouble.Signature(got); again != got {
				t.Errorf("signature of %q is %q", got, again)
			}
		})
	}
}

// What is alike to people must be one, and what is not must not.
func TestSignaturesTellApart(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"line numbers", "a.py:1: SyntaxError: x", "b/c.py:200: SyntaxError: x", true},
		{"paths of two systems", "cannot open /a/b", `cannot open C:\a`, true},
		{"status", "HTTP 404", "HTTP 500", false},
		{"codes", "exit code 1", "exit code 127", false},
		{"one and many", "1 error found", "12 errors found", true},
		{"another word", "connection refused", "connection reset", false},
	} {
		if got := trouble.Signature(c.a) == trouble.Signature(c.b); got != c.same {
			t.Errorf("%s: %q and %q are the same: %v", c.name, trouble.Signature(c.a), trouble.Signature(c.b), got)
		}
	}
}

func FuzzSignature(f *testing.F) {
	for _, m := range messages {
		f.Add(m.message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		s := trouble.Signature(message)
		if n := utf8.RuneCountInString(s); n > 200 || strings.ContainsAny(s, "\n\x1b") || !utf8.ValidString(s) {
			t.Errorf("%d characters: %q", n, s)
		}
		if again := trouble.Signature(s); again != s {
			t.Errorf("signature of %q is %q", s, again)
		}
		if e := trouble.Example(message); utf8.RuneCountInString(e) > 200 || strings.ContainsAny(e, "\n\x1b") {
			t.Errorf("example %q", e)
		}
	})
}
