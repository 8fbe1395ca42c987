package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// Store is where exchanges are kept. PutExchange returns after the commit.
type Store interface {
	PutExchange(ctx context.Context, e eventlog.Exchange) error
}

// Keeper masks exchanges and keeps them.
type Keeper struct {
	Session string
	// Store waits until there is one, and returns nil when there will be none.
	Store func(ctx context.Context) Store
	// Masker masks what is kept; nil leaves answers as they are. Hash masks what
	// requests are known by, and is never nil.
	Masker, Hash Masker
}

// Keep keeps an exchange, or says why it cannot: nothing is kept that was not masked.
func (k *Keeper) Keep(ctx context.Context, x proxy.Kept) (err error) {
	defer func() {
		if recover() != nil {
			err = errMask // its value may quote what it choked on
		}
	}()
	store := k.Store(ctx)
	if store == nil {
		return errors.New("there is no store to keep it in")
	}
	e, err := k.exchange(x)
	if err != nil {
		return err
	}
	return store.PutExchange(ctx, e)
}

func (k *Keeper) exchange(x proxy.Kept) (e eventlog.Exchange, err error) {
	q, err := Canonical(k.Hash, proxy.Asked{Door: x.Door, API: x.API, Model: x.Model, Method: x.Method, Path: x.Path, Alt: x.Alt, Body: x.Request})
	if err != nil {
		return e, err
	}
	e = eventlog.Exchange{
		ID: x.ID, SessionID: k.Session, Door: x.Door, API: q.API, Model: q.Model, Stream: q.Stream, Method: x.Method, Path: x.Path,
		Exact: q.Exact, Loose: q.Loose(), Request: pack(q.Body), Status: x.Status, Header: maps.Clone(x.Header), Torn: x.Torn,
		Began: eventlog.StampOf(x.Began), Ended: eventlog.StampOf(x.Ended),
	}
	for _, p := range x.Pieces {
		e.Pieces = append(e.Pieces, eventlog.Piece{End: p.End, After: max(0, p.At.Sub(x.Began)).Round(time.Microsecond)})
	}
	answer := x.Answer
	if k.Masker != nil {
		if answer, err = k.mask(&e, x); err != nil {
			return e, err
		}
	}
	e.Answer = pack(answer)
	return e, nil
}

// mask returns the answer without secrets: as it was sent when there are none in it,
// and else as its client read it, with masks.
func (k *Keeper) mask(e *eventlog.Exchange, x proxy.Kept) ([]byte, error) {
	for _, s := range []*string{&e.Path, &e.Model} {
		if err := k.text(s); err != nil {
			return nil, err
		}
	}
	for name, value := range e.Header {
		if err := k.text(&value); err != nil {
			return nil, err
		}
		e.Header[name] = value
	}
	plain, err := proxy.Unpack(x.Answer, x.Packed)
	if err != nil {
		return nil, err
	}
	veiled, masked, err := veil(k.Masker, plain)
	switch {
	case err != nil:
		return nil, err
	case !masked:
		return x.Answer, nil
	}
	e.Masked = true
	delete(e.Header, "Content-Encoding")
	for i := range e.Pieces { // as far along as they were
		if i == len(e.Pieces)-1 || len(x.Answer) == 0 {
			e.Pieces[i].End = int64(len(veiled))
			continue
		}
		e.Pieces[i].End = int64(float64(e.Pieces[i].End) / float64(len(x.Answer)) * float64(len(veiled)))
	}
	return veiled, nil
}

func (k *Keeper) text(s *string) error {
	masked, n := k.Masker.Text(*s)
	if n < 0 {
		return errMask
	}
	*s = masked
	return nil
}

// pack packs a body. Speed counts for more than size: many bodies pass.
func pack(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one
	}
	_, _ = z.Write(body) // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// largest is how long a body may be that is unpacked: longer ones are not kept.
const largest = 64 << 20

func unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack what was kept: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(z, largest+1))
	if err != nil {
		return nil, fmt.Errorf("unpack what was kept: %w", err)
	}
	if len(body) > largest {
		return nil, errors.New("unpack what was kept: it is longer than anything that is")
	}
	return body, nil
}
