package eventlog

import (
	"encoding/binary"
	"math/bits"
)

// Print returns a number that is the same for the same bytes, and hardly ever for
// others: by it calls are known to have the same arguments, without keeping or
// decoding them. Nothing, and null, have none: zero.
func Print(raw []byte) uint64 {
	if len(raw) == 0 || string(raw) == "null" {
		return 0
	}
	// Of what is scanned for its end anyhow, reading it once more must cost nothing:
	// sixteen bytes are mixed at a time.
	const k0, k1 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	h := uint64(len(raw)) ^ k0
	for len(raw) >= 16 {
		h = mix(binary.LittleEndian.Uint64(raw)^k1, binary.LittleEndian.Uint64(raw[8:])^h)
		raw = raw[16:]
	}
	var rest [16]byte
	copy(rest[:], raw)
	h = mix(binary.LittleEndian.Uint64(rest[:])^k1, binary.LittleEndian.Uint64(rest[8:])^h)
	return max(1, mix(h^k0, k1))
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// printOf is Print of a name.
func printOf(name string) uint64 {
	var short [64]byte // most ids fit, and are copied to the stack
	return Print(append(short[:0], name...))
}
