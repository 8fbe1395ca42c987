// Command lazytrace shows what LLM agents do, from the terminal.
package main

import (
	"os"

	"github.com/lazytrace/lazytrace/cmd"
)

func main() {
	os.Exit(cmd.Main())
}
