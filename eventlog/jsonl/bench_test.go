package jsonl

import (
	"encoding/json"
	"strconv"
	"testing"
)

func BenchmarkFields(b *testing.B) {
	for _, size := range []int{1000, 2000, 3000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			line := sampleLine(size)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				if err := Fields(line, func(k, _ []byte) bool { n += len(k); return true }); err != nil || n == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkValid(b *testing.B) {
	line := sampleLine(2000)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if !Valid(line) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkStandardLibrary(b *testing.B) {
	line := sampleLine(2000)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(line, &m); err != nil {
			b.Fatal(err)
		}
	}
}
