package content

import (
	"encoding/json"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Image is a picture, or another file, that stands in a body. It is named and
// never decoded.
type Image struct {
	Media string // its media type, or "" where nobody says
	Size  int64  // of what it decodes to, in bytes; zero where it is only referred to
	Name  string // of the file, or where it lies
}

// ImageDetail is what the details of an event call an image of its message. Their
// value is spelled by Image.String.
const ImageDetail = "image"

// String spells what is known of the image: image/png, 34 KB, chart.png.
func (i Image) String() string {
	parts := []string{i.Media}
	if i.Media == "" {
		parts[0] = "image"
	}
	if i.Size > 0 {
		parts = append(parts, figure.Bytes(i.Size))
	}
	if i.Name != "" {
		parts = append(parts, i.Name)
	}
	return strings.Join(parts, ", ")
}

// mostImages and deepestImage bound how much of a body is looked through.
const (
	mostImages   = 100
	deepestImage = 12
)

// Images names the pictures in a body: blocks that say so, in the spellings of the
// providers and of MCP, and addresses that hold the data themselves.
func Images(raw json.RawMessage) []Image {
	var f finder
	f.value(raw, 0)
	return f.found
}

type finder struct{ found []Image }

func (f *finder) value(v []byte, depth int) {
	if len(v) < 2 || depth > deepestImage || len(f.found) >= mostImages {
		return
	}
	switch v[0] {
	case '[':
		_ = jsonl.Elements(v, func(e []byte) bool {
			f.value(e, depth+1)
			return len(f.found) < mostImages
		})
	case '{':
		if i, ok := imageOf(v); ok {
			f.found = append(f.found, i)
			return
		}
		_ = jsonl.Fields(v, func(_, e []byte) bool {
			f.value(e, depth+1)
			return len(f.found) < mostImages
		})
	case '"':
		if i, ok := address(v); ok {
			f.found = append(f.found, i)
		}
	}
}

// imageOf reads a block that is an image.
func imageOf(block []byte) (Image, bool) {
	var i Image
	var kind string
	var data, inner []byte
	_ = jsonl.Fields(block, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			kind, _ = jsonl.String(value)
		case "media_type", "mimeType", "mime_type", "mime", "mediaType":
			i.Media, _ = jsonl.String(value)
		case "filename", "file_name", "name":
			i.Name, _ = jsonl.String(value)
		case "data", "image", "image_url", "url", "source", "inlineData", "inline_data", "fileData", "file_data", "uri", "fileUri":
			if len(value) > 0 && value[0] == '{' {
				inner = value
			} else if len(data) < len(value) {
				data = value
			}
		}
		return true
	})
	if inner != nil {
		in, ok := imageOf(inner)
		if !ok && (strings.Contains(kind, "image") || kind == "file") {
			var at string
			if at, ok = jsonl.String(lookup(inner, "url")); ok {
				in = Image{Name: at}
			}
		}
		if !ok {
			return i, false
		}
		if in.Name == "" {
			in.Name = i.Name
		}
		return in, true
	}
	if at, ok := address(data); ok {
		if at.Name == "" {
			at.Name = i.Name
		}
		return at, true
	}
	pictured := strings.HasPrefix(i.Media, "image/")
	if !pictured && !strings.Contains(kind, "image") || strings.Contains(kind, "text") || len(data) == 0 {
		return i, false
	}
	i.Size = decoded(len(data) - 2)
	if text, ok := jsonl.String(data[:min(len(data), 4096)]); ok && (strings.Contains(text, "://") || strings.HasPrefix(text, "/") && len(text) < 1000 && !pictured) {
		i.Size, i.Name = 0, text
	}
	return i, true
}

func lookup(v []byte, name string) []byte {
	found, _ := jsonl.Lookup(v, name)
	return found
}

// address reads data:image/png;base64,...
func address(v []byte) (Image, bool) {
	const begin = `"data:`
	if len(v) < len(begin) || string(v[:len(begin)]) != begin {
		return Image{}, false
	}
	head := string(v[len(begin):min(len(v), 200)])
	media, _, ok := strings.Cut(head, ",")
	media, packed := strings.CutSuffix(media, ";base64")
	if !ok || !packed || !strings.Contains(media, "/") {
		return Image{}, false
	}
	return Image{Media: media, Size: decoded(len(v) - len(begin) - len(media) - len(";base64,") - 1)}, true
}

// decoded is what so many letters of base64 come to.
func decoded(letters int) int64 { return max(0, int64(letters)*3/4) }
