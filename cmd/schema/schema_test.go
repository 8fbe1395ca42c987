package schema

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

type base struct {
	Limit int `json:"limit,omitempty" about:"how many"`
}

type tree struct {
	base
	Name     string            `json:"name" enum:"a,b"`
	Share    float64           `json:"share"`
	Children []*tree           `json:"children,omitempty"`
	Notes    map[string]string `json:"notes,omitzero"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Hidden   string            `json:"-"`
}

func TestOf(t *testing.T) {
	text, err := json.Marshal(Of(reflect.TypeFor[tree]()))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"additionalProperties":false,"properties":{"children":{"items":{"type":"object"},"type":"array"},"limit":{"description":"how many","type":"integer"},` +
		`"name":{"enum":["a","b"],"type":"string"},"notes":{"additionalProperties":{"type":"string"},"type":"object"},"raw":{},"share":{"type":"number"}},"required":["name","share"],"type":"object"}`
	if string(text) != want {
		t.Errorf("%s", text)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for value, ok := range map[string]bool{
		`{"name":"a","share":1.5,"children":[{"anything":1}],"raw":[1]}`: true,
		`{"name":"c","share":1}`:          false,
		`{"name":"a"}`:                    false,
		`{"name":"a","share":1,"more":1}`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			t.Fatal(err)
		}
		if err := r.Validate(v); (err == nil) != ok {
			t.Errorf("%s: %v", value, err)
		}
	}
}
