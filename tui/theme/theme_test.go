package theme

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// backgrounds that terminals are mostly set to.
var backgrounds = map[bool][][3]float64{
	true:  {{30, 30, 46}, {26, 27, 38}, {0, 0, 0}, {40, 44, 52}},
	false: {{255, 255, 255}, {239, 241, 245}, {253, 246, 227}},
}

func rgb(t *testing.T, s string) ([3]float64, bool) {
	t.Helper()
	var c [3]float64
	i := strings.Index(s, ";2;")
	if i < 0 {
		return c, false
	}
	if _, err := fmt.Sscanf(s[i+3:], "%f;%f;%f", &c[0], &c[1], &c[2]); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return c, true
}

func luminance(c [3]float64) float64 {
	var l [3]float64
	for i, v := range c {
		if v /= 255; v <= 0.03928 {
			l[i] = v / 12.92
		} else {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

func contrast(a, b [3]float64) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// Whatever is to be read has a contrast of 4.5 or more against the backgrounds
// of common terminals, and against our own.
func TestWhatIsReadCanBeRead(t *testing.T) {
	for _, name := range []string{"dark", "light", "dark-safe", "light-safe"} {
		look, dark, err := Look{}.Named(name, true)
		if err != nil {
			t.Fatal(err)
		}
		th := look.Theme(dark)
		backs := backgrounds[dark]
		for _, own := range []Style{th.Strip, th.Select, th.Quiet} {
			if c, ok := rgb(t, string(own)); ok {
				backs = append(backs, c)
			}
		}
		for style, s := range map[string]Style{
			"text": th.Text, "bright": th.Bright, "dim": th.Dim, "title": th.Title, "key": th.Key, "brand": th.Brand, "model": th.Model, "tool": th.Tool,
			"agent": th.Agent, "human": th.Human, "good": th.Good, "bad": th.Bad, "warn": th.Warn, "money": th.Money, "number": th.Number, "string": th.String,
		} {
			c, ok := rgb(t, string(s))
			if !ok {
				t.Errorf("%s: %s has no colour", name, style)
				continue
			}
			for _, back := range backs {
				if got := contrast(c, back); got < 4.5 {
					t.Errorf("%s: %s on %v has a contrast of %.2f", name, style, back, got)
				}
			}
		}
	}
}

// A person who cannot tell red from green tells the kinds of the safe themes
// apart: as such a person sees them, no two that stand for states are alike.
func TestSafeThemesAreSafe(t *testing.T) {
	// Red and green cones see the same: the two channels fall together.
	seen := func(c [3]float64) [3]float64 {
		mix := 0.6*c[0] + 0.4*c[1]
		return [3]float64{mix, mix, c[2]}
	}
	for _, name := range []string{"dark-safe", "light-safe"} {
		look, dark, _ := Look{}.Named(name, true)
		th := look.Theme(dark)
		states := map[string]Style{"good": th.Good, "bad": th.Bad, "model": th.Model, "agent": th.Agent}
		for a, x := range states {
			for b, y := range states {
				if a >= b {
					continue
				}
				p, _ := rgb(t, string(x))
				q, _ := rgb(t, string(y))
				p, q = seen(p), seen(q)
				if d := math.Sqrt((p[0]-q[0])*(p[0]-q[0])*2 + (p[2]-q[2])*(p[2]-q[2])); d < 40 {
					t.Errorf("%s: %s and %s look alike: %.0f", name, a, b, d)
				}
			}
		}
	}
}

func TestLooks(t *testing.T) {
	look, dark := Look{}, true
	seen := map[string]bool{}
	for range Looks {
		seen[look.String(dark)] = true
		look, dark = look.Next(dark)
	}
	if len(seen) != len(Looks) {
		t.Errorf("going on visits %v, want %v", seen, Looks)
	}
	if _, _, err := (Look{}).Named("pink", true); err == nil || !strings.Contains(err.Error(), "dark-safe") {
		t.Errorf("an unknown theme: %v", err)
	}
	for _, name := range Looks {
		l, dark, _ := Look{ASCII: true}.Named(name, true)
		if g := l.Theme(dark).Glyphs; g.Running != "R" {
			t.Errorf("%s in ASCII draws %q", name, g.Running)
		}
	}
}
