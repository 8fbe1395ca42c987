package eventlog

import (
	"reflect"
	"testing"
)

// Every fact that a session may have is spelled and read back, but for the process
// that recorded it.
func TestFactsAreSpelledAndReadBack(t *testing.T) {
	t.Parallel()
	var f Facts
	v := reflect.ValueOf(&f).Elem()
	for i := range v.NumField() {
		switch field := v.Field(i); field.Interface().(type) {
		case string:
			field.SetString("text of " + v.Type().Field(i).Name)
		case bool:
			field.SetBool(true)
		case Outcome:
			field.Set(reflect.ValueOf(Cancelled))
		case map[string]string:
			field.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		case map[string]float64:
			field.Set(reflect.ValueOf(map[string]float64{"a": 0.1}))
		case []string:
			field.Set(reflect.ValueOf([]string{"x", "y"}))
		default: // moments, counts and amounts
			field.SetInt(1_770_000_000_123_456_789)
		}
	}
	f.RecorderPid, f.RecorderMark = 0, ""
	if got := ParseFacts(f.JSON()); !reflect.DeepEqual(got, &f) {
		t.Errorf("%+v\nshould be\n%+v", got, &f)
	}
	if got := ParseFacts([]byte(`{}`)); got != nil {
		t.Errorf("nothing is %+v", got)
	}
}
