package recorder

import (
	"fmt"
	"io"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// mostWarnings is how many lines a session prints about itself.
const mostWarnings = 3

// warner prints the first few lines of what it is told.
func warner(to io.Writer) func(string) {
	var mu sync.Mutex
	told := 0
	return func(line string) {
		mu.Lock()
		defer mu.Unlock()
		if told++; told <= mostWarnings {
			fmt.Fprintf(to, "lazytrace: %s\n", escape.Line(line))
		}
	}
}
