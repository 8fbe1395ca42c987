package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// magic is how every SQLite database begins.
const magic = "SQLite format 3\x00"

// header is what the first hundred bytes of a database tell.
type header struct {
	logged bool // it is kept with a write-ahead log
	native bool // it says that it is a store in the layout that this package writes
}

// readHeader looks at a file before SQLite does. It is used only on a file that
// nobody has open, or where locks are kept: closing a file drops others (see
// keepLocks).
func readHeader(path string) (h header, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	b := make([]byte, 100)
	if _, err := io.ReadFull(f, b); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return h, fmt.Errorf("%w: it ends within the header", ErrNotSQLite)
		}
		return h, err
	}
	if !bytes.HasPrefix(b, []byte(magic)) {
		return h, fmt.Errorf("%w: it begins otherwise", ErrNotSQLite)
	}
	// One stands for 65536, which has no room in two bytes.
	size := binary.BigEndian.Uint16(b[16:])
	if size != 1 && (size < 512 || size&(size-1) != 0) {
		return h, fmt.Errorf("%w: its page size is %d", ErrNotSQLite, size)
	}
	h.logged = b[18] == 2 || b[19] == 2
	h.native = binary.BigEndian.Uint32(b[60:]) == Version && binary.BigEndian.Uint32(b[68:]) == ApplicationID
	return h, nil
}
