package main

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// rewritten writes each line of a file as change makes it.
func rewritten(from, to string, change func(line []byte) []byte) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	in, out := bufio.NewReaderSize(r, 1<<20), bufio.NewWriterSize(f, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if _, err := out.Write(change(line)); err != nil {
				_ = f.Close()
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			_ = f.Close()
			return err
		}
	}
	if err := out.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func readText(path string) (string, error) {
	text, err := os.ReadFile(path)
	return string(text), err
}
