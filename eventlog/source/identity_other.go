//go:build !linux && !darwin && !freebsd && !netbsd

package source

import "io/fs"

// identityOf knows nothing here: a file is told by its path, size and time.
func identityOf(fs.FileInfo) identity { return identity{} }
