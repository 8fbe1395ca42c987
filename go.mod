module github.com/lazytrace/lazytrace

go 1.26.0

require (
	github.com/charmbracelet/x/term v0.2.2
	github.com/charmbracelet/x/xpty v0.1.4
	github.com/spf13/cobra v1.10.2
	golang.org/x/sys v0.48.0
	modernc.org/libc v1.77.1 // indirect
	modernc.org/sqlite v1.60.1
)
