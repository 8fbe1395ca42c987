package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/capture/intake"
)

// Send sends one event, a JSON object, to the receiver at a URL and returns its
// id once it is committed. Its errors are those of intake.Send.
func Send(ctx context.Context, url, token string, event []byte) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(url, "/")+"/v1/events", bytes.NewReader(event))
	if err != nil {
		return "", fmt.Errorf("%w: %w", intake.ErrNoRecorder, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	// No proxy and no redirect: the token is for this address only.
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("%w: %w", intake.ErrNoRecorder, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("wait for the answer: %w", err)
	}
	var a struct {
		eventsAnswer
		Error string `json:"error"`
	}
	switch err := json.Unmarshal(text, &a); {
	case answer.StatusCode == http.StatusOK && err == nil && len(a.Acks) == 1:
		return a.Acks[0], nil
	case len(a.Errors) > 0:
		return "", fmt.Errorf("%w: %s", intake.ErrRefused, a.Errors[0].Error)
	case a.Error != "":
		return "", fmt.Errorf("%w: %s", intake.ErrRefused, a.Error)
	}
	return "", fmt.Errorf("%w: %s", intake.ErrRefused, answer.Status)
}
