package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

func asked(text string) proxy.Asked {
	return proxy.Asked{API: provider.Messages, Method: "POST", Path: "/v1/messages", Body: []byte(`{"model":"m","messages":[{"role":"user","content":"` + text + `"}]}`)}
}

// recordOf makes exchanges of what was asked, in order; each is answered by its number.
func recordOf(t *testing.T, texts ...string) Options {
	t.Helper()
	o := Options{Masker: Usual()}
	bodies := map[string]eventlog.Exchange{}
	for i, text := range texts {
		q, err := Canonical(Usual(), asked(text))
		if err != nil {
			t.Fatal(err)
		}
		e := eventlog.Exchange{
			ID: fmt.Sprint(i + 1), API: q.API, Model: q.Model, Method: "POST", Path: "/v1/messages", Exact: q.Exact, Loose: q.Loose(), Status: 200,
			Header: map[string]string{"Content-Type": "application/json"},
		}
		o.Exchanges = append(o.Exchanges, e)
		e.Request, e.Answer = pack(q.Body), pack([]byte(fmt.Sprint("answer ", i+1)))
		e.Pieces = []eventlog.Piece{{End: 3, After: time.Minute}, {End: 8, After: 3 * time.Minute}}
		bodies[e.ID] = e
	}
	o.Bodies = func(_ context.Context, e *eventlog.Exchange) error {
		if bodies[e.ID].ID == "" {
			return errors.New("it is gone")
		}
		*e = bodies[e.ID]
		return nil
	}
	return o
}

func answerOf(t *testing.T, p *Player, text string) string {
	t.Helper()
	w := httptest.NewRecorder()
	if !p.Answer(w, httptest.NewRequest(http.MethodPost, "/", nil), asked(text)) {
		return "passed"
	}
	if w.Code != http.StatusOK {
		return fmt.Sprint(w.Code)
	}
	return strings.TrimPrefix(w.Body.String(), "answer ")
}

// Each exchange is served once, whichever way its request was known, and the last of
// its kind again.
func TestPlayerServesInOrder(t *testing.T) {
	t.Parallel()
	on := func(day int) string { return fmt.Sprintf("It is 2026-01-0%d.", day) }
	for _, try := range []struct {
		match Match
		ask   []string
		want  string
	}{
		{Exact, []string{on(1), on(1), on(1), on(2), on(3)}, "1 3 3 2 400"},
		{Loose, []string{on(1), on(9), on(9), on(9), on(2)}, "1 2 3 3 2"},
		{Loose, []string{on(9), on(1), on(1), on(1)}, "1 3 3 3"},
		{Sequence, []string{"a", "b", on(1), on(1)}, "1 2 3 400"},
		{Exact, []string{"another"}, "400"},
	} {
		o := recordOf(t, on(1), on(2), on(1))
		o.Match = try.match
		p := New(o)
		var got []string
		for _, text := range try.ask {
			got = append(got, answerOf(t, p, text))
		}
		if have := strings.Join(got, " "); have != try.want {
			t.Errorf("%d, %q: served %s, want %s", try.match, try.ask, have, try.want)
		}
		sums := p.Sums()
		if sums.Served+sums.Missed != len(try.ask) || sums.Missed != strings.Count(try.want, "400") || sums.Recorded != 3 {
			t.Errorf("%q: %+v", try.ask, sums)
		}
	}
	o := recordOf(t, on(1))
	o.Pass = true
	if got := answerOf(t, New(o), "another"); got != "passed" {
		t.Errorf("a miss is %s", got)
	}
	o.Exchanges[0].ID = "gone"
	if got := answerOf(t, New(o), on(1)); got != "400" {
		t.Errorf("what cannot be read is %s", got)
	}
}

// Pieces come when they came, or so many times as fast, or at once.
func TestPlayerPace(t *testing.T) {
	for speed, want := range map[float64]time.Duration{0: 0, 1: 3 * time.Minute, 6: 30 * time.Second} {
		o := recordOf(t, "a")
		o.Speed = speed
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			if got := answerOf(t, New(o), "a"); got != "1" || time.Since(began) != want {
				t.Errorf("at speed %g %s took %s, want %s", speed, got, time.Since(began), want)
			}
		})
	}
}
