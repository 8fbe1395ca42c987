package origin

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// mostMetrics is how many metrics a session may have besides goal_completed
// and score.
const mostMetrics = 10

// CheckMetrics returns what is wrong with the metrics of a session, if anything:
// score and goal_completed go from 0 to 1, at most ten others are any numbers.
func CheckMetrics(m map[string]float64) error {
	own := 0
	for _, name := range slices.Sorted(maps.Keys(m)) {
		value := m[name]
		switch {
		case name == "":
			return fmt.Errorf("a metric needs a name")
		case math.IsNaN(value) || math.Abs(value) > 1e300:
			return fmt.Errorf("%s=%v: a number is expected", name, value)
		case name != "score" && name != "goal_completed":
			own++
		case value < 0 || value > 1:
			return fmt.Errorf("%s=%v: it goes from 0 to 1", name, value)
		}
	}
	if own > mostMetrics {
		return fmt.Errorf("%d metrics, %d are allowed besides score and goal_completed", own, mostMetrics)
	}
	return nil
}
