// Package swap puts a new file in the place of an old one: whole, or not at all.
// Whenever it is stopped, by a crash as well, either the old file or the new one is
// there, to the last byte. It knows nothing of what is in files.
package swap

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Job is how a file is replaced.
type Job struct {
	Path string
	// Write writes the new file, which is there and empty, from the old one.
	Write func(old *os.File, new *os.File) error
	// Verify looks at the new file, which is on the disk by then; an error leaves the
	// old one.
	Verify func(path string) error
	// Ready is asked last, when the new file is about to take the place of the old
	// one; an error leaves the old one. Nil is always ready.
	Ready func() error
	// Backup is where the old file is kept, its owner's only; nowhere when it is empty.
	// A file that is there already is never overwritten.
	Backup string

	step func(name string) // of tests: something is about to be done
}

// ErrRefused is what every error wraps about a file that is not replaced since more
// than the file itself would change.
var ErrRefused = errors.New("it is left alone")

// Run replaces the file. Mode, owner and time of change stay as they were: whoever
// deletes old logs by their age deletes this one when it would have deleted it anyhow.
func (j *Job) Run() (err error) {
	before, err := os.Lstat(j.Path)
	if err != nil {
		return cause(err)
	}
	if err := single(before); err != nil {
		return err
	}
	old, err := os.Open(j.Path)
	if err != nil {
		return cause(err)
	}
	defer old.Close()
	dir, base := filepath.Split(j.Path)
	temp := filepath.Join(dir, "."+base+"."+suffix()+".scrub")
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write beside it: %w", cause(err))
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			err = errors.Join(err, gone(os.Remove(temp)))
		}
	}()
	j.at("write")
	if err = j.Write(old, file); err != nil {
		return err
	}
	j.at("sync")
	if err = file.Sync(); err != nil {
		return fmt.Errorf("write beside it: %w", cause(err))
	}
	j.at("verify")
	if err = j.Verify(temp); err != nil {
		return err
	}
	if j.Backup != "" {
		j.at("backup")
		if err = keep(old, j.Backup); err != nil {
			return fmt.Errorf("keep a copy as %s: %w", j.Backup, err)
		}
	}
	j.at("look")
	if err = alike(file, temp, before); err != nil {
		return err
	}
	if err = file.Sync(); err != nil {
		return fmt.Errorf("write beside it: %w", cause(err))
	}
	if j.Ready != nil {
		if err = j.Ready(); err != nil {
			return err
		}
	}
	now, err := os.Lstat(j.Path)
	if err != nil {
		return cause(err)
	}
	if !os.SameFile(before, now) || before.Size() != now.Size() || !before.ModTime().Equal(now.ModTime()) {
		return fmt.Errorf("%w: somebody wrote to it meanwhile", ErrRefused)
	}
	j.at("rename")
	if err = file.Close(); err != nil {
		return cause(err)
	}
	if err = os.Rename(temp, j.Path); err != nil {
		return fmt.Errorf("put the new file in its place: %w", cause(err))
	}
	j.at("renamed")
	return syncFolder(dir)
}

func (j *Job) at(step string) {
	if j.step != nil {
		j.step(step)
	}
}

// single refuses what is more than one file by one name.
func single(info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%w: it is a link; name the file that it leads to", ErrRefused)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is no regular file", ErrRefused)
	case shared(info):
		return fmt.Errorf("%w: it has several names (hard links), and the others would keep what it holds now", ErrRefused)
	}
	return nil
}

// keep copies a file for its owner only.
func keep(old *os.File, path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return cause(err)
	}
	if _, err := old.Seek(0, io.SeekStart); err != nil {
		return cause(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return cause(err)
	}
	_, err = io.Copy(f, old)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(cause(err), os.Remove(path))
	}
	return syncFolder(filepath.Dir(path))
}

// alike gives the new file the mode, owner and time of the old one.
func alike(f *os.File, temp string, old fs.FileInfo) error {
	if err := owned(f, old); err != nil {
		return fmt.Errorf("%w: its owner cannot be kept: %w", ErrRefused, cause(err))
	}
	if err := f.Chmod(old.Mode().Perm()); err != nil {
		return cause(err)
	}
	return cause(os.Chtimes(temp, old.ModTime(), old.ModTime()))
}

func suffix() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // it never fails, see crypto/rand
	return hex.EncodeToString(b)
}

// gone is no error where a file was not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// cause is the part of a file error that its path is not in.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
