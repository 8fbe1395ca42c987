package dialect

import "testing"

// TestPlainTexts holds that what programs put around a text for the model is
// taken off what people read, and off nothing else.
func TestPlainTexts(t *testing.T) {
	for _, c := range []struct{ what, got, want string }{
		{"notice", notified("<task-notification>\n<task-id>a1</task-id>\n<status>completed</status>\n<summary>Agent \"Look\" finished</summary>\n<result>Line 3.</result>\n</task-notification>"), "Agent \"Look\" finished\n\nLine 3."},
		{"notice of another kind", notified("<task-notification>\n<task-id>a1</task-id></task-notification>"), "<task-notification>\n<task-id>a1</task-id></task-notification>"},
		{"output", printed("Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\nhello\n"), "hello"},
		{"older output", printed("Exit code: 1\nWall time: 0 seconds\nOutput:\n\n"), ""},
		{"output that looks like it", printed("Totals\nOutput:\n3\n"), "Totals\nOutput:\n3\n"},
		{"command", tagged("<returncode>0</returncode>\n<output>\ncart.py\n</output>", "0"), "cart.py"},
		{"silent command", tagged("<returncode>2</returncode>\n<output>\n</output>", "2"), "exit code 2"},
		{"text about tags", tagged("Put it in <output>", ""), "Put it in <output>"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
}
