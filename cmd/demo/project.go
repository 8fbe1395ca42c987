package demo

import (
	"os"
	"path/filepath"
)

// Goal is what the demo's agent is to do.
const Goal = "Fix the double charge in checkout"

// MakeProject writes the small project that the agents work on: a cart whose
// test fails, as it charges once for each tab.
func MakeProject(dir string) error {
	for name, text := range map[string]string{
		"cart.sh": "# A cart. Two tabs may submit it.\ncharges=0\ncharge() {\n  charges=$((charges + 1))\n}\n",
		"test.sh": ". ./cart.sh\ncharge # the first tab\ncharge # the second tab\nif [ \"$charges\" -ne 1 ]; then\n" +
			"  echo \"FAIL charges once when two tabs submit\"\n  echo \"  expected 1, received $charges\"\n  exit 1\nfi\necho \"ok   charges once when two tabs submit\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
