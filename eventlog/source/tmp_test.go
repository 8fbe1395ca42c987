package source

import (
	"os"
	"testing"
	"time"
)

func TestTmpSum(t *testing.T) {
	path := os.Getenv("LT_DB")
	if path == "" {
		t.Skip()
	}
	start := time.Now()
	set := Open(t.Context(), []string{path}, Options{})
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(len(set.Sources().Catalog().Sessions), time.Since(start))
	_ = set.Close()
}
