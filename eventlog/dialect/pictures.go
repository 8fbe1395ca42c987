package dialect

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// pictures adds to the details of a message the images that its content holds,
// by their names: a text cannot show them.
func pictures(details []eventlog.Detail, message []byte) []eventlog.Detail {
	for _, image := range content.Images(message) {
		details = append(details, eventlog.Detail{Name: content.ImageDetail, Value: image.String()})
	}
	return details
}

// attached names the images that stand beside a message: their data, or the
// files that they are in.
func (c *codex) attached() {
	if list, ok := jsonl.Lookup(c.p.all, "images"); ok {
		c.e.Details = pictures(c.e.Details, list)
	}
	if list, ok := jsonl.Lookup(c.p.all, "local_images"); ok {
		_ = jsonl.Elements(list, func(path []byte) bool {
			if name := readable(path); name != "" {
				c.e.Details = append(c.e.Details, eventlog.Detail{Name: content.ImageDetail, Value: content.Image{Name: name}.String()})
			}
			return true
		})
	}
}
