package health

import (
	"slices"
	"testing"
)

func TestCompareVersions(t *testing.T) {
	list := []string{"2.1.328", "2.1.39", "0.9", "2.1"}
	slices.SortFunc(list, CompareVersions)
	if want := []string{"0.9", "2.1", "2.1.39", "2.1.328"}; !slices.Equal(list, want) {
		t.Errorf("%q, want %q", list, want)
	}
}
