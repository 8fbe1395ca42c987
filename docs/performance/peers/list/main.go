// Command list is a list of 100,000 rows in Bubble Tea and nothing else: as fast as a
// key can be answered with it, at the frames a second that lazytrace asks for.
package main

import (
	"fmt"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
)

type list struct {
	rows                []string
	top, at, wide, high int
}

func (l *list) Init() tea.Cmd { return nil }

func (l *list) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		l.wide, l.high = msg.Width, msg.Height
	case tea.KeyPressMsg:
		page := max(1, l.high-1)
		switch msg.String() {
		case "q":
			return l, tea.Quit
		case "j":
			l.at++
		case "k":
			l.at--
		case "pgdown":
			l.at, l.top = l.at+page, l.top+page
		case "pgup":
			l.at, l.top = l.at-page, l.top-page
		}
		l.at = min(max(l.at, 0), len(l.rows)-1)
		l.top = min(max(l.top, l.at-page+1, 0), l.at)
	}
	return l, nil
}

func (l *list) View() tea.View {
	var b strings.Builder
	for i := l.top; i < min(l.top+l.high-1, len(l.rows)); i++ {
		row := l.rows[i]
		if i == l.at {
			row = "\x1b[7m" + row + "\x1b[m"
		}
		b.WriteString(row)
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "row %d of %d", l.at+1, len(l.rows))
	v := tea.NewView(b.String())
	v.AltScreen = true
	return v
}

func main() {
	l := &list{}
	for i := range 100_000 {
		l.rows = append(l.rows, fmt.Sprintf("%7d  agent-%d  %s", i, i%12, strings.Repeat("what happened ", 1+i%11)))
	}
	if _, err := tea.NewProgram(l, tea.WithFPS(120)).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
