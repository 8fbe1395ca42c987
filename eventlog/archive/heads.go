package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// headSizes are how many bytes of a beginning are summed up: a file that has become
// shorter is known by the most of them that it still has.
var headSizes = [...]int{64, 1 << 10, 16 << 10}

// beginning takes the first bytes of what is written to it.
type beginning struct{ b []byte }

func (h *beginning) Write(p []byte) (int, error) {
	if room := headSizes[len(headSizes)-1] - len(h.b); room > 0 {
		h.b = append(h.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// sums returns the sum of each beginning that is long enough.
func (h *beginning) sums() (sums [len(headSizes)]string) {
	for i, n := range headSizes {
		if len(h.b) >= n {
			sums[i] = sumOf(h.b[:n])
		}
	}
	return sums
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// begins reports whether the file at a path, of a size that is less than was copied,
// is a beginning of it. Of one that is shorter than what is summed up nothing tells
// that it is not.
func (c *Copy) begins(path string, size int64) bool {
	at := -1
	for i, n := range headSizes {
		if size >= int64(n) && c.Heads[i] != "" {
			at = i
		}
	}
	if at < 0 {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, headSizes[at])
	_, err = io.ReadFull(f, b)
	return err == nil && sumOf(b) == c.Heads[at]
}
