package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// poster sends spans, one request after the other.
type poster struct {
	to     string
	opts   OTLPOptions
	client http.Client
}

func newPoster(to *url.URL, o OTLPOptions) *poster {
	return &poster{to: to.String(), opts: o, client: http.Client{
		Transport: o.Transport,
		// Spans go where the user said, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// How a batch is tried again.
const (
	firstWait = 500 * time.Millisecond
	mostWait  = 15 * time.Second
)

// send sends a batch, again where that may help, and returns how many spans did
// not arrive and why.
func (p *poster) send(ctx context.Context, spans []*span) (int, error) {
	body, err := p.body(spans)
	if err != nil {
		return len(spans), err
	}
	pause, spent := firstWait, time.Duration(0)
	last := errNoTime
	for {
		began := time.Now()
		refused, err := p.attempt(ctx, body)
		switch {
		case err == nil:
			return 0, nil
		case ctx.Err() != nil:
			return len(spans), last // that it was broken off says nothing
		}
		last = err
		var answer *answerError
		if errors.As(err, &answer) && answer.partial {
			return int(min(refused, int64(len(spans)))), err
		}
		again, after := worthAgain(err)
		wait := after
		if wait == 0 {
			wait = pause/2 + rand.N(pause) // so that many who wait do not come at once
		}
		spent += time.Since(began) + wait
		if !again || spent > p.opts.Retrying || p.opts.wait(ctx, wait) != nil {
			return len(spans), err
		}
		pause = min(2*pause, mostWait)
	}
}

// body spells and packs a request.
func (p *poster) body(spans []*span) ([]byte, error) {
	spell := protobufOf
	if p.opts.JSON {
		spell = jsonOf
	}
	plain := spell(spans)
	if p.opts.Plain {
		return plain, nil
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(plain)
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// answerError is what a receiver answered that did not take everything.
type answerError struct {
	status  int
	message string
	after   time.Duration
	partial bool
}

func (a *answerError) Error() string {
	text := "the receiver answered " + strconv.Itoa(a.status)
	if name := http.StatusText(a.status); name != "" {
		text += " " + name
	}
	if a.partial {
		text = "the receiver did not take all spans"
	}
	if a.message != "" {
		text += ": " + a.message
	}
	return text
}

// worthAgain reports whether the same request may fare better later, and when
// the receiver wants it, if it says so.
func worthAgain(err error) (again bool, after time.Duration) {
	var answer *answerError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &answer):
		switch answer.status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true, answer.after
		}
		return false, 0
	case errors.As(err, &certificate):
		return false, 0
	}
	return true, 0 // nothing came back
}

// attempt sends a request once.
func (p *poster) attempt(ctx context.Context, body []byte) (refused int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.to, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("send spans: %w", causeOf(err))
	}
	r.Header.Set("User-Agent", strings.TrimSuffix("lazytrace/"+p.opts.Version, "/"))
	for name, value := range p.opts.Headers {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", p.contentType())
	if !p.opts.Plain {
		r.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return 0, fmt.Errorf("send spans: %w", causeOf(err))
	}
	defer resp.Body.Close()
	const longest = 64 << 10
	answer, err := io.ReadAll(io.LimitReader(resp.Body, longest))
	if resp.StatusCode/100 != 2 {
		return 0, &answerError{status: resp.StatusCode, message: complaint(answer), after: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	}
	if err != nil {
		return 0, nil // it was taken; how much of it nobody will know
	}
	refused, message := partialSuccess(answer, strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json"))
	if refused > 0 || message != "" {
		return refused, &answerError{status: resp.StatusCode, message: message, partial: true}
	}
	return 0, nil
}

func (p *poster) contentType() string {
	if p.opts.JSON {
		return "application/json"
	}
	return "application/x-protobuf"
}

// close ends the connections.
func (p *poster) close() error {
	p.client.CloseIdleConnections()
	return nil
}

// causeOf takes an error out of that of net/http or net/url, which quotes the
// whole address.
func causeOf(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return time.Duration(min(max(n, 0), 3600)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// partialSuccess reads how many spans were refused, and why, out of an
// ExportTraceServiceResponse.
func partialSuccess(answer []byte, isJSON bool) (refused int64, message string) {
	if isJSON {
		var a struct {
			Partial struct {
				Refused json.Number `json:"rejectedSpans"` // a text, as JSON has numbers of 64 bits
				Message string      `json:"errorMessage"`
			} `json:"partialSuccess"`
		}
		if json.Unmarshal(answer, &a) != nil {
			return 0, ""
		}
		refused, _ = a.Partial.Refused.Int64() // what is no number refuses nothing
		return max(0, refused), readableText(a.Partial.Message)
	}
	for number, partial := range messageFields(answer) {
		if number != 1 {
			continue
		}
		for number, field := range messageFields(partial.body) {
			switch number {
			case 1:
				refused = max(0, int64(field.n))
			case 2:
				message = readableText(string(field.body))
			}
		}
	}
	return refused, message
}

// messageField is a field of a protobuf message: what a varint tells, or the
// bytes of what has a length.
type messageField struct {
	n    uint64
	body []byte
}

// messageFields gives the fields of a message by their numbers. It stops where
// the message is damaged.
func messageFields(b []byte) iter.Seq2[int, messageField] {
	return func(yield func(int, messageField) bool) {
		for len(b) > 0 {
			tag, size := binary.Uvarint(b)
			if size <= 0 {
				return
			}
			b = b[size:]
			var field messageField
			switch tag & 7 {
			case 0:
				field.n, size = binary.Uvarint(b)
			case 1:
				size = 8
			case 2:
				var length uint64
				length, size = binary.Uvarint(b)
				if size <= 0 || length > uint64(len(b)-size) {
					return
				}
				field.body = b[size : size+int(length)]
				size += int(length)
			case 5:
				size = 4
			default:
				return
			}
			if size <= 0 || size > len(b) {
				return
			}
			b = b[size:]
			if !yield(int(tag>>3), field) {
				return
			}
		}
	}
}

// complaint returns what an error answer says: the message of a Status in
// either coding, or a short text.
func complaint(answer []byte) string {
	var status struct {
		Message string `json:"message"`
		Error   any    `json:"error"`
	}
	if json.Unmarshal(answer, &status) == nil {
		if status.Message != "" {
			return readableText(status.Message)
		}
		if text, ok := status.Error.(string); ok {
			return readableText(text)
		}
		return ""
	}
	if text := strings.TrimSpace(string(answer)); utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) {
		if strings.HasPrefix(text, "<") {
			return "" // a page
		}
		return readableText(text)
	}
	for number, field := range messageFields(answer) {
		if number == 2 {
			return readableText(string(field.body))
		}
	}
	return ""
}

// readableText is the first line of a text, not too long.
func readableText(text string) string {
	const long = 200
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	if len(text) > long {
		text = text[:long] + "..."
	}
	return strings.ToValidUTF8(text, "")
}
