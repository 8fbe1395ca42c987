package wire

import "bytes"

// repair rewrites what real writers produce and JSON forbids: NaN and the
// infinities, which Python prints by default, become null, and raw control
// bytes inside strings are escaped. Anything else stays as broken as it is.
func repair(line []byte) []byte {
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(line)+16)
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '"' {
			end := min(quoted(line, i), len(line)-1)
			for _, c := range line[i : end+1] {
				if c < ' ' {
					out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
				} else {
					out = append(out, c)
				}
			}
			i = end
			continue
		}
		if n := notFinite(line[i:]); n > 0 {
			out = append(out, "null"...)
			i += n - 1
			continue
		}
		out = append(out, c)
	}
	return out
}

func notFinite(b []byte) int {
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(b, []byte(word)) {
			return len(word)
		}
	}
	return 0
}
