package theme

import (
	"fmt"
	"slices"
	"strings"
)

// Look is which theme a person wants on which terminal. The zero Look follows
// the background.
type Look struct {
	Name  string // one of Looks, or empty: dark or light, as the background is
	Basic bool   // the terminal has sixteen colours or none
	ASCII bool   // draw with ASCII only
}

// Looks are the names of all themes.
var Looks = []string{"dark", "light", "dark-safe", "light-safe", "16", "none"}

// Theme returns the theme for a background.
func (l Look) Theme(dark bool) *Theme {
	t := l.colors(dark)
	t.Series = []Style{t.Model, t.Agent, t.Tool, t.Human, t.Good, t.Warn, t.Key, t.Text}
	t.Heat = []Style{t.Dim, t.Model, t.Human, t.Warn, t.BadBold}
	t.Glyphs = fancy
	if l.ASCII {
		t.Glyphs = plain
	}
	return t
}

func (l Look) colors(dark bool) *Theme {
	switch name := l.String(dark); {
	case name == "none":
		return none()
	case l.Basic || name == "16":
		return basic(dark)
	case name == "light":
		return day()
	case name == "dark-safe":
		return safeNight()
	case name == "light-safe":
		return safeDay()
	}
	return night()
}

// String returns the name of the theme for a background.
func (l Look) String(dark bool) string {
	switch {
	case l.Name != "":
		return l.Name
	case dark:
		return "dark"
	}
	return "light"
}

// Next returns the next theme, and the background that it is for.
func (l Look) Next(dark bool) (Look, bool) {
	i := slices.Index(Looks, l.String(dark))
	next, dark, _ := l.Named(Looks[(i+1)%len(Looks)], dark)
	return next, dark
}

// Named returns the theme with a name, and the background that it is for.
func (l Look) Named(name string, dark bool) (Look, bool, error) {
	if name == "auto" {
		l.Name = ""
		return l, dark, nil
	}
	if !slices.Contains(Looks, name) {
		return l, dark, fmt.Errorf("there is no theme %q; it is one of auto %s", name, strings.Join(Looks, " "))
	}
	l.Name = name
	switch {
	case strings.HasPrefix(name, "dark"):
		dark = true
	case strings.HasPrefix(name, "light"):
		dark = false
	}
	return l, dark, nil
}

// The safe themes are told apart by people of every kind of colour vision: blue
// and orange, never red beside green, and lightness differs where hue may not.
func safeNight() *Theme {
	t := night()
	sky, orange, rose := fg("110;190;245"), fg("255;150;70"), fg("225;150;200")
	t.Title, t.Model, t.Brand = sky+bold, sky, rose+bold
	t.Tool, t.Agent, t.Human = fg("190;225;215"), rose, fg("240;228;110")
	t.Good, t.Money, t.String = fg("120;215;200"), fg("190;225;215"), fg("190;225;215")
	t.Bad, t.BadBold, t.Warn, t.Number = orange, orange+bold, fg("240;190;90"), fg("240;190;90")
	return t
}

func safeDay() *Theme {
	t := day()
	blue, orange, plum := fg("0;80;160"), fg("165;60;0"), fg("125;50;105")
	t.Title, t.Model, t.Brand = blue+bold, blue, plum+bold
	t.Tool, t.Agent, t.Human = fg("0;92;92"), plum, fg("110;84;0")
	t.Good, t.Money, t.String = fg("0;84;110"), fg("0;92;92"), fg("0;92;92")
	t.Bad, t.BadBold, t.Warn, t.Number = orange, orange+bold, fg("128;76;0"), fg("128;76;0")
	return t
}

// none is for terminals, and people, without colours: what matters is bold, what
// is selected is reversed.
func none() *Theme {
	return &Theme{
		Dark: true, Text: "39", Bright: "39;1", Dim: "39", Faint: "39;2",
		Title: "39;1;4", Key: "39;1", Brand: "39;1",
		Model: "39", Tool: "39", Agent: "39", Human: "39", Good: "39", Bad: "39", Warn: "39", Money: "39", Number: "39", String: "39",
		BadBold: "39;1", Mark: "39;1;4", Fill: "39",
		Strip: Reverse, Select: Reverse, Quiet: ";4",
	}
}
