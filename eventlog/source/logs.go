package source

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// LogFile is a log that can be copied as the file that it is.
type LogFile struct {
	Path          string // absolute
	Root, Rel     string // the folder that no link leads out of, and the path in there
	Format        string
	Lines         bool   // it grows at its end
	Dies          bool   // its agent deletes it
	Beside        string // the small file that describes it, or nothing
	Info          os.FileInfo
	Device, Inode uint64
}

// Files goes through the logs that the paths lead to, the newest first. Those that
// known says yes to are passed over before anybody looks into them. What is a log and
// cannot be copied is told to left, with the reason. It returns the folders that it
// looked into.
func Files(ctx context.Context, paths []string, o Options, known func(LogFile) bool, each func(LogFile) error, left func(path, why string)) (folders []string, err error) {
	if o.Known == nil {
		o.Known = dialect.All()
	}
	files, folders := find(ctx, paths, func(path string, err error) {
		if !o.missing(err) {
			left(path, err.Error())
		}
	})
	keeps, roots := newClock(o.Env), rootsOf(paths)
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return folders, err
		}
		if o.Archive != nil && strings.HasPrefix(absolute(f.path), o.Archive.Dir()+string(filepath.Separator)) {
			continue
		}
		id := identityOf(f.info)
		l := LogFile{Path: absolute(f.path), Info: f.info, Device: id.device, Inode: id.inode}
		if known(l) {
			continue
		}
		if !l.within(slices.Contains(paths, f.path), roots) {
			left(f.path, "a link in it leads out of its folder")
			continue
		}
		if why, ok := l.tell(ctx, &f, &o, keeps); why != "" || !ok {
			if why != "" {
				left(f.path, why)
			}
			continue
		}
		if err := each(l); err != nil {
			return folders, err
		}
	}
	return folders, ctx.Err()
}

// tell finds out what a file is. It reports whether it is a log, and why it cannot be
// copied.
func (l *LogFile) tell(ctx context.Context, f *found, o *Options, keeps *clock) (why string, ok bool) {
	seg, err := sniff(ctx, f.path, o)
	if err != nil {
		if f.named {
			return err.Error(), false
		}
		return "", false // folders hold files of any kind
	}
	defer seg.close()
	_, tree := seg.dialect.(dialect.Treed)
	switch {
	case seg.blank:
		return "", false
	case seg.head.IsDatabase():
		return "it is a database", true
	case tree:
		return "its sessions are many small files", true
	case seg.packed != pack.None:
		return "it is packed already", true
	}
	l.Format, l.Lines = seg.dialect.Name(), !seg.document && seg.framing() == dialect.NoFrames
	l.Dies = !keeps.keeping(seg.dialect, f.path, "").Forever()
	if info, err := os.Lstat(seg.sidecar); err == nil && info.Mode().IsRegular() && info.Size() <= maxSidecar {
		l.Beside = seg.sidecar
	}
	return "", true
}

// Description returns the small file that describes the log as one that can be copied.
func (l *LogFile) Description() (LogFile, error) {
	info, err := os.Lstat(l.Beside)
	if err != nil {
		return LogFile{}, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(l.Beside))
	id := identityOf(info)
	return LogFile{
		Path: absolute(l.Beside), Root: dir, Rel: filepath.Base(l.Beside), Dies: l.Dies, Info: info, Device: id.device, Inode: id.inode,
	}, err
}

// within finds the folder that the log was found in, which was given, and reports
// whether it really lies there: a link may lead anywhere.
func (l *LogFile) within(named bool, roots []string) bool {
	real, err := filepath.EvalSymlinks(l.Path)
	if err != nil {
		return false
	}
	if named { // this very file was given
		l.Root, l.Rel = filepath.Dir(real), filepath.Base(real)
		return true
	}
	for _, root := range roots {
		if rel, err := filepath.Rel(root, real); err == nil && rel != "." && filepath.IsLocal(rel) {
			l.Root, l.Rel = root, rel
			return true
		}
	}
	return false
}

// rootsOf returns the folders that nothing which paths lead to may lie out of: of a
// pattern the one before its first wildcard.
func rootsOf(paths []string) []string {
	var roots []string
	for _, p := range paths {
		p = absolute(p)
		if _, err := os.Stat(p); err != nil {
			for strings.ContainsAny(p, "*?[") && p != filepath.Dir(p) {
				p = filepath.Dir(p)
			}
		}
		real, err := filepath.EvalSymlinks(p)
		if err == nil && !slices.Contains(roots, real) {
			roots = append(roots, real)
		}
	}
	return roots
}
