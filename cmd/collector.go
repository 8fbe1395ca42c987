package cmd

import (
	"os"
	"runtime"
	"runtime/debug"
)

// headStart puts off the first collection of garbage until 32 MB are in use, rather than
// 4: until the first screen is drawn hardly anything is garbage, and looking for it takes
// a third of the time. The collection that comes then makes it as it was. Who has set
// GOGC knows better.
func headStart() {
	if os.Getenv("GOGC") != "" {
		return
	}
	const smallest, first = 4, 32 // MB; Go's own smallest heap goes with 100 per cent
	usual := debug.SetGCPercent(100 * first / smallest)
	collected := new([64]byte) // nobody holds it
	runtime.AddCleanup(collected, func(percent int) { debug.SetGCPercent(percent) }, usual)
}
