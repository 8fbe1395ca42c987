// Package paint brings frames onto a terminal. The library that owns the terminal
// can do that as well, by a clock of its own and by taking every frame apart cell by
// cell, so that a key waits for half a beat of the clock and then for panes in which
// nothing changed. Here a frame is painted when it is there, and only rows whose text
// changed are taken apart.
//
// The library keeps all else: modes, keys, the alternate screen. It writes through
// Screen as well and is left to believe that the screen is empty; whenever it has
// emptied it, everything is painted again.
package paint

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
)

// beat is how long the screen is left alone after it was painted. What follows a key
// only waits for what followed the key before: what changes by itself is not in the
// way of a person.
const beat = time.Second / 120

// Screen is a terminal on which frames are painted.
type Screen struct {
	term.File

	// One may write at a time; it guards what follows.
	mu     sync.Mutex
	brush  *uv.TerminalRenderer
	buf    bytes.Buffer    // what the brush wrote
	cells  uv.ScreenBuffer // what is on the screen, or will be when buf is written
	rows   []string        // what the cells were made of
	frame  string          // what is to be painted
	ours   bool            // the alternate screen is shown, so that there is something to paint on
	synced bool            // the terminal can be told to show nothing until all is written

	wake    chan struct{}
	hurry   chan struct{}
	stopped chan struct{}
	ended   sync.WaitGroup
}

// New returns a screen on a terminal that has a few properties by its environment.
func New(f term.File, env []string) *Screen {
	s := &Screen{File: f, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), stopped: make(chan struct{})}
	s.brush = uv.NewTerminalRenderer(&s.buf, env)
	s.brush.SetFullscreen(true)
	s.brush.SetRelativeCursor(false)
	s.brush.SetTabStops(-1)     // whether tabs and backspaces pass a terminal unchanged, the
	s.brush.SetBackspace(false) // library finds out, and keeps to itself
	s.cells = uv.NewScreenBuffer(0, 0)
	s.ended.Go(s.work)
	return s
}

// Stop ends painting.
func (s *Screen) Stop() {
	close(s.stopped)
	s.ended.Wait()
}

// Resize takes the size of the terminal.
func (s *Screen) Resize(width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method := s.cells.Method
	s.cells = uv.NewScreenBuffer(max(0, width), max(0, height))
	s.cells.Method = method
	s.brush.Resize(width, height)
	s.anew()
}

// Colors takes how many colours the terminal has.
func (s *Screen) Colors(p colorprofile.Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.brush.SetColorProfile(p)
	s.anew()
}

// Mode takes what the terminal says of one of its modes.
func (s *Screen) Mode(mode ansi.Mode, is ansi.ModeSetting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case mode == ansi.ModeSynchronizedOutput && is == ansi.ModeReset:
		s.synced = true
	case mode == ansi.ModeUnicodeCore && (is == ansi.ModeReset || is == ansi.ModeSet || is == ansi.ModePermanentlySet):
		// It is switched on by the library; what a character takes is known from then on.
		s.cells.Method = ansi.GraphemeWidth
		s.brush.SetGraphemeWidth(true)
		s.anew()
	}
}

// Show has a frame painted: at once if it answers a person. It does not wait for the
// terminal, and of frames that come faster than it shows them it paints the last.
func (s *Screen) Show(frame string, answer bool) {
	s.mu.Lock()
	same := frame == s.frame
	s.frame = frame
	s.mu.Unlock()
	if same {
		return
	}
	c := s.wake
	if answer {
		c = s.hurry
	}
	select {
	case c <- struct{}{}:
	default:
	}
}

// work paints what is shown.
func (s *Screen) work() {
	var painted, answered time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var due time.Time
		answer := false
		select {
		case <-s.stopped:
			return
		case <-s.wake:
			due = painted.Add(beat)
		case <-s.hurry:
			due, answer = answered.Add(beat), true
		}
		for rest := time.Until(due); rest > 0; rest = time.Until(due) {
			timer.Reset(rest)
			select {
			case <-s.stopped:
				return
			case <-timer.C:
			case <-s.hurry:
				due, answer = answered.Add(beat), true
			}
		}
		s.mu.Lock()
		_ = s.paint() // the library writes as well, and tells of a terminal that is gone
		s.mu.Unlock()
		if painted = time.Now(); answer {
			answered = painted
		}
	}
}

// Write takes what the library writes.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.File.Write(p)
	if err != nil {
		return n, err
	}
	in, out := bytes.LastIndex(p, []byte(ansi.SetModeAltScreenSaveCursor)), bytes.LastIndex(p, []byte(ansi.ResetModeAltScreenSaveCursor))
	if in != out {
		s.ours = in > out
	}
	if in >= 0 || bytes.Contains(p, []byte(ansi.EraseEntireScreen)) {
		s.anew()
		err = s.paint()
	}
	return n, err
}

// anew forgets what is on the screen.
func (s *Screen) anew() {
	s.rows = nil
	s.brush.Erase()
}

// paint writes what is different from what is on the screen.
func (s *Screen) paint() error {
	width, height := s.cells.Width(), s.cells.Height()
	if !s.ours || s.frame == "" || width == 0 || height == 0 {
		return nil
	}
	rows := strings.Split(s.frame, "\n")
	changed := 0
	for y := range height {
		row := ""
		if y < len(rows) {
			row = rows[y]
		}
		if y < len(s.rows) && s.rows[y] == row {
			continue
		}
		uv.NewStyledString(row).Draw(s.cells, uv.Rect(0, y, width, 1))
		changed++
	}
	for len(rows) < height {
		rows = append(rows, "")
	}
	s.rows = rows
	if changed == 0 {
		return nil
	}
	// Looking for rows that moved goes through all of them: it is for lists that were
	// scrolled. Terminals of Windows have their own idea of where the cursor is then.
	scrolled := changed > height/2 && runtime.GOOS != "windows"
	s.brush.SetScrollOptim(scrolled)
	if scrolled || strings.TrimSpace(rows[height-1]) == "" {
		// Rows move that did not change, and what is empty at the bottom is erased
		// together with the row above: only what counts as changed is looked at after that.
		for y := range height {
			s.cells.TouchLine(0, y, width)
		}
	}
	s.brush.Render(s.cells.RenderBuffer)
	if err := s.brush.Flush(); err != nil {
		return err
	}
	if s.buf.Len() == 0 {
		return nil
	}
	if s.synced {
		out := make([]byte, 0, s.buf.Len()+len(ansi.SetModeSynchronizedOutput)+len(ansi.ResetModeSynchronizedOutput))
		out = append(append(append(out, ansi.SetModeSynchronizedOutput...), s.buf.Bytes()...), ansi.ResetModeSynchronizedOutput...)
		s.buf.Reset()
		_, err := s.File.Write(out)
		return err
	}
	_, err := s.buf.WriteTo(s.File)
	return err
}
