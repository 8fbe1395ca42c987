package origin

import (
	"os"
	"path/filepath"
	"strings"
)

// gitBranch returns the branch that is checked out at dir, or "". It reads two
// small files and never runs git, which may be slow, missing or hooked.
func gitBranch(dir string) string {
	for range 64 {
		git := filepath.Join(dir, ".git")
		if info, err := os.Stat(git); err == nil {
			if !info.IsDir() {
				git = linked(git)
			}
			head, err := readSmall(filepath.Join(git, "HEAD"))
			if err != nil {
				return ""
			}
			branch, _ := strings.CutPrefix(head, "ref: refs/heads/")
			if branch == head {
				return "" // no branch: a commit is checked out
			}
			return branch
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
	return ""
}

// linked follows the file that stands for the folder in a worktree.
func linked(file string) string {
	text, err := readSmall(file)
	if err != nil {
		return ""
	}
	dir := strings.TrimPrefix(text, "gitdir: ")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(file), dir)
	}
	return dir
}

func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var buf [4096]byte
	n, err := f.Read(buf[:])
	return strings.TrimSpace(string(buf[:n])), err
}
