package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// printJSON writes one JSON value on one line. Control characters that JSON
// leaves as they are, DEL and the C1 range, are escaped, so that the line can
// be shown on a terminal.
func printJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(plainJSON(b.Bytes()))
	return err
}

// plainJSON spells every character that a terminal would act upon, or hide, as
// an escape. Such characters can only stand in strings.
func plainJSON(text []byte) []byte {
	clean := true
	for _, c := range text {
		if c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r >= 0x7f && escape.Line(string(r)) != string(r) {
			if r > 0xffff {
				r -= 0x10000
				out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		} else {
			out = append(out, text[i:i+n]...)
		}
		i += n
	}
	return out
}

// table prints rows in columns that are as wide as their widest cell. Cells of
// a column whose head begins with > stand to the right.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) {
	for i, c := range cells {
		cells[i] = escape.Line(c)
	}
	t.rows = append(t.rows, cells)
}

func (t *table) print(w io.Writer, widest int) error {
	if len(t.rows) == 0 {
		_, err := fmt.Fprintln(w, strings.TrimPrefix(t.head[0], ">")+"  none")
		return err
	}
	right := make([]bool, len(t.head))
	width := make([]int, len(t.head))
	head := make([]string, len(t.head))
	for i, h := range t.head {
		head[i], right[i] = strings.CutPrefix(h, ">")
		width[i] = len(head[i])
	}
	for _, r := range t.rows {
		for i, c := range r {
			if widest > 0 && !right[i] && ansi.StringWidth(c) > widest {
				r[i] = ansi.Truncate(c, widest, "…")
			}
			width[i] = max(width[i], ansi.StringWidth(r[i]))
		}
	}
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			pad := strings.Repeat(" ", width[i]-ansi.StringWidth(c))
			if i > 0 {
				b.WriteString("  ")
			}
			switch {
			case right[i]:
				b.WriteString(pad + c)
			case i == len(cells)-1:
				b.WriteString(c)
			default:
				b.WriteString(c + pad)
			}
		}
		b.WriteByte('\n')
	}
	if strings.Join(head, "") != "" {
		line(head)
	}
	for _, r := range t.rows {
		line(r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// dollars spells money for people: two decimals, more when there is less.
func dollars(m eventlog.Money) string {
	switch {
	case m == 0:
		return "$0.00"
	case m < eventlog.Dollar/10 && m > -eventlog.Dollar/10:
		return fmt.Sprintf("$%.4f", float64(m)/float64(eventlog.Dollar))
	}
	return fmt.Sprintf("$%.2f", float64(m)/float64(eventlog.Dollar))
}

// cost spells what is known of a cost: a dash when nothing is, and a plus when
// it is only part of it.
func costText(m eventlog.Money, calls, unpriced int64) string {
	switch {
	case calls == 0:
		return ""
	case unpriced == calls:
		return "unpriced"
	case unpriced > 0:
		return dollars(m) + "+"
	}
	return dollars(m)
}

// took spells a duration as people read a clock.
func took(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	case s < 100*3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%dd", s/86400)
}
