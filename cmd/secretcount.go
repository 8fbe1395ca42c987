package cmd

import (
	"fmt"
	"regexp"
	"sync"

	"github.com/lazytrace/lazytrace/redact"
	"github.com/lazytrace/lazytrace/redact/scrub"
)

// Bounds of what is told of the secrets of one file.
const (
	mostSecrets      = 10_000 // different ones
	mostSecretPlaces = 20     // of each
)

// foundSecret is one secret of a file, with where it stands first. The secret itself
// is not in it.
type foundSecret struct {
	Path    string       `json:"path"`
	Kind    string       `json:"kind"`
	Preview string       `json:"preview"`
	Hash    string       `json:"hash"` // the same for equal ones, in one run
	Count   int64        `json:"count"`
	Places  []foundPlace `json:"places"`
}

// foundPlace is where a secret stands in its file.
type foundPlace struct {
	Member string `json:"member,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
	Table  string `json:"table,omitempty"`
	Row    *int64 `json:"row,omitempty"`
	Column string `json:"column,omitempty"`
	JSON   string `json:"json_path,omitempty"`
}

// text says the place in a few words.
func (p foundPlace) text() string {
	out := ""
	switch {
	case p.Table != "":
		out = fmt.Sprintf("table %s row %d column %s", p.Table, *p.Row, p.Column)
	case p.Member != "":
		out = fmt.Sprintf("member %s line %d", p.Member, p.Line)
	default:
		out = fmt.Sprintf("line %d", p.Line)
	}
	if p.JSON != "" {
		out += " " + p.JSON
	}
	return out
}

// secretCounter puts the secrets of one file together: equal ones are one.
type secretCounter struct {
	seal  *scrub.Seal
	list  []*foundSecret
	by    map[string]*foundSecret
	total int64
	more  int64 // found when no more were listed
}

func newSecretCounter(seal *scrub.Seal) *secretCounter {
	return &secretCounter{seal: seal, by: map[string]*foundSecret{}}
}

func (c *secretCounter) add(p secretPlace) {
	c.total++
	name := c.seal.Name(p.Value)
	key := p.Kind + " " + name
	s := c.by[key]
	if s == nil {
		if len(c.list) == mostSecrets {
			c.more++
			return
		}
		s = &foundSecret{Path: p.Path, Kind: p.Kind, Preview: scrub.Preview(p.Kind, p.Value), Hash: name}
		c.by[key] = s
		c.list = append(c.list, s)
	}
	if s.Count++; len(s.Places) < mostSecretPlaces {
		place := foundPlace{Member: p.Member, Line: p.Line, Table: p.Table, Column: p.Column, JSON: masked(p.JSON)}
		if p.Table != "" {
			row := p.Row
			place.Row = &row
		} else {
			from := p.From
			place.Offset = &from
		}
		s.Places = append(s.Places, place)
	}
}

// masked hides what of a path in a document is a secret itself: names are not masked
// where they stand.
func masked(path string) string {
	text, _ := ofPaths().Text(path)
	return text
}

var ofPaths = sync.OnceValue(func() *redact.Redactor {
	r, _ := redact.New(redact.Options{}) // without rules of one's own nothing is wrong
	return r
})

// newFinder makes what looks for secrets, with what is none of them.
func newFinder(what redactFlags, allow []string) (*scrub.Finder, error) {
	r, program, err := what.redactor()
	if err != nil {
		return nil, refused(err)
	}
	if program != nil {
		_ = program.Close()
		return nil, refuse("--redact-cmd cannot be asked about what is stored already: use --redact-rule")
	}
	f := &scrub.Finder{Redactor: r}
	var allowed []*regexp.Regexp
	for _, text := range allow {
		re, err := regexp.Compile(`^(?:` + text + `)$`)
		if err != nil {
			return nil, refuse("--allow %q: %v", text, err)
		}
		allowed = append(allowed, re)
	}
	if len(allowed) > 0 {
		f.Allow = func(value string) bool {
			for _, re := range allowed {
				if re.MatchString(value) {
					return true
				}
			}
			return false
		}
	}
	return f, nil
}
