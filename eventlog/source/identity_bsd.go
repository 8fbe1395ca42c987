//go:build darwin || freebsd || netbsd

package source

import (
	"io/fs"
	"syscall"
)

// identityOf returns what tells a file from others on this machine, and when
// anything about it changed last, which nobody can set back.
func identityOf(info fs.FileInfo) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{device: plain(st.Dev), inode: plain(st.Ino), changed: st.Ctimespec.Nano()}
}
