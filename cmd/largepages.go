package cmd

import "os"

// isMuch reports whether there may be so much to read at the paths that being given
// large pages is worth the milliseconds that asking for them takes. Of a folder, and of
// all that is found when nothing is named, nobody knows yet.
func isMuch(paths []string) bool {
	const much = 32 << 20
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && (info.IsDir() || info.Size() >= much) {
			return true
		}
	}
	return len(paths) == 0
}
