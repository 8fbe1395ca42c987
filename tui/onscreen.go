package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/paint"
)

// onScreen is the model on a terminal: package paint brings onto it what the model
// draws, and the library is given an empty screen.
type onScreen struct {
	*model
	screen *paint.Screen
	typed  *bool // the message was of the person
}

func paintedOn(m *model, s *paint.Screen) onScreen { return onScreen{m, s, new(bool)} }

// Update tells the screen what it has to know of the terminal.
func (o onScreen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	*o.typed = false
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		o.screen.Resize(msg.Width, msg.Height)
	case tea.ColorProfileMsg:
		o.screen.Colors(msg.Profile)
	case tea.ModeReportMsg:
		o.screen.Mode(msg.Mode, msg.Value)
	case tea.KeyPressMsg, tea.PasteMsg, tea.MouseClickMsg, wheelMsg:
		*o.typed = true
	}
	return o, o.route(msg)
}

// View has the frame painted.
func (o onScreen) View() tea.View {
	v := o.model.View()
	o.screen.Show(v.Content, *o.typed)
	v.Content = " "
	return v
}
