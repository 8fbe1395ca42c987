// Package schemas holds what --json prints, as JSON Schemas, one a shape.
package schemas

import (
	"embed"
	"slices"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

const suffix = ".schema.json"

// Of returns the schema of a shape, or nothing where there is none of that name.
func Of(name string) []byte {
	text, err := files.ReadFile(name + suffix)
	if err != nil {
		return nil
	}
	return text
}

// Names returns the names of all shapes that have a schema, in order.
func Names() []string {
	list, _ := files.ReadDir(".") // it is built in
	var names []string
	for _, f := range list {
		names = append(names, strings.TrimSuffix(f.Name(), suffix))
	}
	slices.Sort(names)
	return names
}
