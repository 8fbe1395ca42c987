package wire

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// stamp reads epoch seconds or RFC 3339. A moment that cannot be read is
// unknown, and is filled in like one that is missing.
func stamp(raw json.RawMessage) eventlog.Stamp {
	if len(raw) == 0 {
		return 0
	}
	if raw[0] != '"' {
		return seconds(string(raw))
	}
	s := unquote(raw)
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return eventlog.StampOf(t)
	}
	return seconds(s)
}

// seconds goes through a float only for an exponent, so that microseconds of
// today's clock are kept exactly.
func seconds(s string) eventlog.Stamp {
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.ContainsAny(part, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt64/1e9 {
			return 0
		}
		return eventlog.Stamp(math.Round(f * 1e9))
	}
	if n > 9_000_000_000 || n < -9_000_000_000 {
		return 0
	}
	digits := (part + "000000000")[:9]
	nano, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	if strings.HasPrefix(whole, "-") {
		return eventlog.Stamp(n*1e9 - int64(nano))
	}
	return eventlog.Stamp(n*1e9 + int64(nano))
}

// AppendSeconds appends a moment as epoch seconds with microseconds, the unit
// of every LazyBridge file.
func AppendSeconds(b []byte, s eventlog.Stamp) []byte {
	micro := int64(s) / 1000
	if micro < 0 {
		b, micro = append(b, '-'), -micro
	}
	b = strconv.AppendInt(b, micro/1e6, 10)
	b = append(b, '.')
	return append(b, strconv.FormatInt(micro%1e6+1e6, 10)[1:]...)
}

// NewID returns a new UUID, version 7: unique everywhere, and ids that were
// made later sort later, which keeps the index of a store compact.
func NewID(now time.Time) string {
	var id [16]byte
	rand.Read(id[:])
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:], id[10:])
	return string(b[:])
}
