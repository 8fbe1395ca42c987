package conversation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/recorder/conversation"
)

// custom is a store as anybody might write one: files in a folder.
type custom struct{ dir string }

func (s custom) path(id string) string { return filepath.Join(s.dir, fmt.Sprintf("%x.json", id)) }

func (s custom) Save(_ context.Context, c *conversation.Conversation) error {
	text, err := c.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(s.path(c.SessionID), text, 0o600)
}

func (s custom) Load(_ context.Context, id string) (*conversation.Conversation, error) {
	text, err := os.ReadFile(s.path(id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, conversation.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return conversation.Parse(text)
}

func (s custom) Delete(_ context.Context, id string) (bool, error) {
	err := os.Remove(s.path(id))
	return err == nil, nil
}

func (s custom) List(context.Context) (ids []string, err error) {
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		var id string
		if _, err := fmt.Sscanf(strings.TrimSuffix(e.Name(), ".json"), "%x", &id); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// Every store does the same.
func TestStores(t *testing.T) {
	t.Parallel()
	db, err := conversation.Open(t.Context(), filepath.Join(t.TempDir(), "sessions.db"), conversation.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, store := range map[string]conversation.Store{"memory": new(conversation.Memory), "sqlite": db, "custom": custom{t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if _, err := store.Load(ctx, "a"); !errors.Is(err, conversation.ErrNotFound) {
				t.Fatalf("before it is saved: %v", err)
			}
			system := "be brief"
			c := &conversation.Conversation{SessionID: "a", System: &system}
			c.Say(conversation.User, "<hello> & \u2028")
			if err := store.Save(ctx, c); err != nil {
				t.Fatal(err)
			}
			fork := c.Fork("b")
			fork.Say(conversation.Assistant, "hi")
			if err := store.Save(ctx, fork); err != nil {
				t.Fatal(err)
			}
			for _, want := range []*conversation.Conversation{c, fork} {
				got, err := store.Load(ctx, want.SessionID)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %+v, %v", want.SessionID, got, err)
				}
			}
			c.Clear()
			if err := store.Save(ctx, c); err != nil {
				t.Fatal(err)
			}
			if got, err := store.Load(ctx, "a"); err != nil || len(got.Messages) != 0 || *got.System != system {
				t.Errorf("cleared: %+v, %v", got, err)
			}
			ids, err := store.List(ctx)
			slices.Sort(ids)
			if err != nil || !slices.Equal(ids, []string{"a", "b"}) {
				t.Errorf("%q, %v", ids, err)
			}
			if there, err := store.Delete(ctx, "a"); err != nil || !there {
				t.Errorf("deleted: %t, %v", there, err)
			}
			if there, err := store.Delete(ctx, "a"); err != nil || there {
				t.Errorf("deleted again: %t, %v", there, err)
			}
			if ids, err := store.List(ctx); err != nil || !slices.Equal(ids, []string{"b"}) {
				t.Errorf("%q, %v", ids, err)
			}
		})
	}
}

// What the Agent SDK wrote is written again as it was.
func TestSessionJSON(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "agentsdk", "session.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := conversation.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var want, got bytes.Buffer
	if err := errors.Join(json.Compact(&want, text), json.Compact(&got, again)); err != nil {
		t.Fatal(err)
	}
	if want.String() != got.String() {
		t.Errorf("it became %s", got.String())
	}
}

// Secrets are masked before they are stored, unless a program needs them.
func TestSecrets(t *testing.T) {
	t.Parallel()
	secret := "ghp_" + strings.Repeat("aB3xY9", 6)
	for _, exact := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "sessions.db")
		db, err := conversation.Open(t.Context(), path, conversation.Options{Exact: exact})
		if err != nil {
			t.Fatal(err)
		}
		c := &conversation.Conversation{SessionID: "a"}
		c.Say(conversation.User, "the token is "+secret)
		if err := errors.Join(db.Save(t.Context(), c), db.Close()); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secret)) != exact {
			t.Errorf("exact %t: the secret is there: %t", exact, !exact)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
}

// A database of somebody else's is left as it is.
func TestForeignDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte("no database, but long enough to be looked at by whoever opens it as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := conversation.Open(t.Context(), path, conversation.Options{}); err == nil {
		t.Error("a text was opened as a database")
	}
}
