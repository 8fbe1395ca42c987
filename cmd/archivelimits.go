package cmd

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/archive"
)

// archiveLimits are the flags that bound an archive.
type archiveLimits struct{ bytes, age string }

func (l *archiveLimits) flags(c *cobra.Command) {
	c.Flags().StringVar(&l.bytes, "max-bytes", "", "forget the oldest of what is gone beyond so much, packed: 500M, 2G")
	c.Flags().StringVar(&l.age, "max-age", "", "forget what is gone and was not written to for so long: 365d, 52w, 720h")
}

func (l *archiveLimits) read() (out archive.Limits, err error) {
	if l.bytes != "" {
		n, ok := sizeOf(l.bytes)
		if !ok {
			return out, refuse("--max-bytes %q is no size: give one as 500M or 2G", l.bytes)
		}
		out.Bytes = n
	}
	if l.age != "" {
		d, ok := ageOf(l.age)
		if !ok {
			return out, refuse("--max-age %q is no time: give one as 365d, 52w or 720h", l.age)
		}
		out.Age = d
	}
	return out, nil
}

// sizeOf reads a size: a number of bytes, or of K, M, G, T of them.
func sizeOf(text string) (int64, bool) {
	text = strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(strings.TrimSpace(text)), "B"), "I")
	unit := int64(1)
	if i := strings.IndexAny(text, "KMGT"); i >= 0 && i == len(text)-1 {
		unit = 1 << (10 * (1 + strings.IndexByte("KMGT", text[i])))
		text = text[:i]
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(n > 0) || n*float64(unit) >= 1<<62 {
		return 0, false
	}
	return max(1, int64(n*float64(unit))), true
}

// ageOf reads a time: of days or weeks, or as Go spells it.
func ageOf(text string) (time.Duration, bool) {
	day := 24 * time.Hour
	for unit, each := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if n, ok := strings.CutSuffix(text, unit); ok {
			f, err := strconv.ParseFloat(n, 64)
			return time.Duration(f * float64(each)), err == nil && f > 0 && f < 36500
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0
}
