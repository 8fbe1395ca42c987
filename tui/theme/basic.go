package theme

// basic returns the theme for terminals with sixteen colours or none. It names
// colours by their number, which the person has chosen, and keeps to the
// terminal's own text colour where the full theme has shades of it: shades do
// not survive in sixteen colours.
func basic(dark bool) *Theme {
	t := &Theme{
		Dark: dark, Text: "39", Bright: "39;1", Dim: "37", Faint: "90",
		Title: "34;1", Key: "36;1", Brand: "35;1",
		Model: "34", Tool: "36", Agent: "35", Human: "33", Good: "32", Bad: "31", Warn: "33", Money: "32", Number: "33", String: "32",
		BadBold: "31;1", Mark: "33;1;4", Fill: "34",
		Strip: Reverse, Select: Reverse, Quiet: ";4",
	}
	if dark {
		t.Title, t.Model, t.Fill = "94;1", "94", "94"
	} else {
		t.Dim = "39"
	}
	return t
}

// Reverse is a background that swaps the colours of the terminal. On it, no
// other colour is put: it would become the background.
const Reverse Style = ";7"
