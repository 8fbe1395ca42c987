//go:build !unix

package swap

import (
	"io/fs"
	"os"
)

func shared(fs.FileInfo) bool { return false }

func owned(*os.File, fs.FileInfo) error { return nil }

func syncFolder(string) error { return nil }
