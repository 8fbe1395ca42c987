// Package schema spells Go types as JSON Schemas, draft 2020-12. It is asked when
// somebody wants one, and costs a start nothing.
package schema

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Draft is the dialect of the schemas.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// Object is a schema, or a part of one.
type Object map[string]any

// Of returns the schema of a type. Fields are named by their tag json, and told
// of by their tag about; those without omitempty are required, and nothing else is
// allowed. A tag enum names the values that there are.
func Of(t reflect.Type) Object { return of(t, map[reflect.Type]bool{}) }

func of(t reflect.Type, within map[reflect.Type]bool) Object {
	switch t.Kind() {
	case reflect.Pointer:
		return of(t.Elem(), within)
	case reflect.Bool:
		return Object{"type": "boolean"}
	case reflect.String:
		return Object{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return Object{"type": "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Object{"type": "integer"}
	case reflect.Slice, reflect.Array:
		if t == reflect.TypeFor[json.RawMessage]() {
			return Object{}
		}
		return Object{"type": "array", "items": of(t.Elem(), within)}
	case reflect.Map:
		return Object{"type": "object", "additionalProperties": of(t.Elem(), within)}
	case reflect.Struct:
		return object(t, within)
	}
	return Object{}
}

// object is the schema of a struct. One that holds itself is spelled once; what
// lies deeper is only said to be an object.
func object(t reflect.Type, within map[reflect.Type]bool) Object {
	if within[t] {
		return Object{"type": "object"}
	}
	within[t] = true
	defer delete(within, t)
	properties, required := Object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		p := of(f.Type, within)
		if about := f.Tag.Get("about"); about != "" {
			p["description"] = about
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			p["enum"] = strings.Split(enum, ",")
		}
		properties[name] = p
		if !strings.Contains(rest, "omitempty") && !strings.Contains(rest, "omitzero") {
			required = append(required, name)
		}
	}
	return Object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}
