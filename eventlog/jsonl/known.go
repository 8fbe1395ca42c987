package jsonl

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// How much is noted: what comes once only must neither fill the memory nor be compared
// with for ever. Where keys are data, the first few are noted, and then no more are.
const (
	mostFollowing = 8    // keys that follow one key
	mostKnown     = 1023 // keys of one outliner
	wordsKnown    = 4    // how long a key is, in words of eight bytes
	longestKnown  = 8 * wordsKnown
)

// known is a key that was seen before in its place. Its text reaches from its opening
// quote to where its value began.
type known struct {
	text, mask [wordsKnown]uint64
	value      int       // how far behind the quote the value begins
	length     uint16    // of the name
	number     uint16    // from 1 on
	inner      *place    // that the outline goes into
	next       following // the keys that were seen behind it
}

// following are keys that were seen behind another one, or at the beginning, in the order
// in which they were. Those behind the last one are nil.
type following [mostFollowing]atomic.Pointer[known]

// find returns the key that begins at i, if it is one of them, or nil.
func (f *following) find(b []byte, i int) *known {
	var text *[longestKnown]byte
	if i+longestKnown <= len(b) {
		text = (*[longestKnown]byte)(b[i:])
	} else {
		text = &[longestKnown]byte{}
		copy(text[:], b[min(i, len(b)):])
	}
	first := binary.LittleEndian.Uint64(text[:])
	for n := range f {
		key := f[n].Load()
		if key == nil {
			return nil
		}
		if (first^key.text[0])&key.mask[0] == 0 &&
			(binary.LittleEndian.Uint64(text[8:])^key.text[1])&key.mask[1]|
				(binary.LittleEndian.Uint64(text[16:])^key.text[2])&key.mask[2]|
				(binary.LittleEndian.Uint64(text[24:])^key.text[3])&key.mask[3] == 0 {
			return key
		}
	}
	return nil
}

// notes counts the keys that are known to an outliner.
type notes struct {
	mu    sync.Mutex // held while a key is noted
	count atomic.Int32
}

// note adds the key that begins at i to those that follow another one, and returns it, or
// nil if there is no key, or no room for it.
func (n *notes) note(b []byte, i int, in *place, f *following) *known {
	if f[mostFollowing-1].Load() != nil || n.count.Load() >= mostKnown {
		return nil
	}
	end, value := keyAt(b, i)
	if end < 0 || value-i > longestKnown {
		return nil
	}
	text := b[i:value]
	n.mu.Lock()
	defer n.mu.Unlock()
	key := in.keys[string(text)]
	if key == nil {
		name := b[i+1 : end]
		key = &known{value: len(text), length: uint16(len(name)), number: uint16(n.count.Add(1)), inner: in.inner[string(name)]}
		key.spell(text)
		in.keys[string(text)] = key
	}
	for at := range f {
		if f[at].CompareAndSwap(nil, key) || f[at].Load() == key {
			break
		}
	}
	return key
}

// spell says how the key is spelled.
func (k *known) spell(text []byte) {
	var letters, mask [longestKnown]byte
	copy(letters[:], text)
	for i := range text {
		mask[i] = 0xff
	}
	for w := range k.text {
		k.text[w], k.mask[w] = binary.LittleEndian.Uint64(letters[8*w:]), binary.LittleEndian.Uint64(mask[8*w:])
	}
}
