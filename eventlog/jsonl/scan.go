package jsonl

import "bytes"

// Fields calls fn for each field of the object, in order, with the key
// unescaped and the value as it is spelled. A key that is there twice is given
// twice. Both slices point into obj, but for a key with escapes, and are valid
// as long as it is.
//
// White space around the object is allowed, anything else is an error. Nested
// values are checked for balance only. When fn returns false Fields stops and
// returns nil: the rest of the text has then not been looked at.
func Fields(obj []byte, fn func(key, value []byte) bool) error {
	i := skipSpace(obj, 0)
	if i == len(obj) || obj[i] != '{' {
		return refuse(i, "no object")
	}
	i = skipSpace(obj, i+1)
	if i < len(obj) && obj[i] == '}' {
		return atEnd(obj, i+1)
	}
	for {
		if i == len(obj) || obj[i] != '"' {
			return refuse(i, "no key")
		}
		start := i + 1
		if i = skipString(obj, start); i < 0 {
			return refuse(start-1, "unclosed key")
		}
		key := obj[start : i-1]
		if i = skipSpace(obj, i); i == len(obj) || obj[i] != ':' {
			return refuse(i, "no colon after a key")
		}
		start = skipSpace(obj, i+1)
		if i = skipValue(obj, start); i < 0 {
			return refuse(start, badValue(obj, start))
		}
		if bytes.IndexByte(key, '\\') >= 0 {
			key = appendUnescaped(nil, key)
		}
		if !fn(key, obj[start:i]) {
			return nil
		}
		if i = skipSpace(obj, i); i == len(obj) {
			return refuse(i, "unclosed object")
		}
		switch obj[i] {
		case ',':
			i = skipSpace(obj, i+1)
		case '}':
			return atEnd(obj, i+1)
		default:
			return refuse(i, "no comma after a value")
		}
	}
}

// Begun is Fields for an object of which only the beginning is there. The last
// value is given as far as it goes. What is no object has no fields.
func Begun(obj []byte, fn func(key, value []byte) bool) {
	end, stopped := 0, false
	err := Fields(obj, func(key, value []byte) bool {
		end = cap(obj) - cap(value) + len(value)
		stopped = !fn(key, value)
		return !stopped
	})
	if err == nil || stopped {
		return
	}
	// Behind the last value there may be another key, and some of its value.
	i := skipSpace(obj, end)
	if i == len(obj) || end > 0 && obj[i] != ',' || end == 0 && obj[i] != '{' {
		return
	}
	i = skipSpace(obj, i+1)
	if i == len(obj) || obj[i] != '"' {
		return
	}
	start := i + 1
	if i = skipString(obj, start); i < 0 {
		return
	}
	key := obj[start : i-1]
	if i = skipSpace(obj, i); i < len(obj) && obj[i] == ':' {
		fn(key, obj[skipSpace(obj, i+1):])
	}
}

// Elements calls fn for each element of the array, in order, as Fields does
// for an object.
func Elements(arr []byte, fn func(value []byte) bool) error {
	i := skipSpace(arr, 0)
	if i == len(arr) || arr[i] != '[' {
		return refuse(i, "no array")
	}
	i = skipSpace(arr, i+1)
	if i < len(arr) && arr[i] == ']' {
		return atEnd(arr, i+1)
	}
	for {
		start := i
		if i = skipValue(arr, start); i < 0 {
			return refuse(start, badValue(arr, start))
		}
		if !fn(arr[start:i]) {
			return nil
		}
		if i = skipSpace(arr, i); i == len(arr) {
			return refuse(i, "unclosed array")
		}
		switch arr[i] {
		case ',':
			i = skipSpace(arr, i+1)
		case ']':
			return atEnd(arr, i+1)
		default:
			return refuse(i, "no comma after a value")
		}
	}
}

// Lookup returns the value that is found by going from object to object along
// the keys. Of a key that is there twice the last one counts. It reports false
// when there is no such value, and when an object on the way is not one.
func Lookup(obj []byte, path ...string) ([]byte, bool) {
	value := trim(obj)
	for _, name := range path {
		if len(value) == 0 || value[0] != '{' {
			return nil, false // Fields would say why, which nobody asks
		}
		var found []byte
		err := Fields(value, func(k, v []byte) bool {
			if string(k) == name {
				found = v
			}
			return true
		})
		if err != nil || found == nil {
			return nil, false
		}
		value = found
	}
	return value, len(value) > 0
}

// atEnd reports an error when more than white space follows.
func atEnd(b []byte, i int) error {
	if i = skipSpace(b, i); i < len(b) {
		return refuse(i, "more text after the end")
	}
	return nil
}

// badValue says why skipValue refused.
func badValue(b []byte, i int) string {
	switch {
	case i == len(b):
		return "no value"
	case b[i] == '"':
		return "unclosed string"
	case b[i] == '{':
		return "unclosed object"
	case b[i] == '[':
		return "unclosed array"
	}
	return "no value"
}
