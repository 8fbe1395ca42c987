package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/rollup/price"
)

type pricesUpdateOptions struct {
	from   string
	to     string
	asJSON bool
}

func newPricesUpdate(env *Env) *cobra.Command {
	var opts pricesUpdateOptions
	c := &cobra.Command{
		Use: "update --from FILE|URL", Short: "Take a newer table of prices", Args: cobra.NoArgs,
		Long: `Take a newer table of prices from a file or a URL: what models.dev publishes as
api.json, a snapshot of it, or a table that "prices update" wrote. It is reduced,
checked and put into your data folder in one step, or refused with the reason.
A URL is fetched only because you name it; it is https, or http on this machine.`,
		RunE: func(c *cobra.Command, _ []string) error { return runPricesUpdate(c.Context(), env, opts) },
	}
	f := c.Flags()
	f.StringVar(&opts.from, "from", "", "file or URL to take the prices from")
	f.StringVar(&opts.to, "to", "", "write the table to this file instead")
	f.BoolVar(&opts.asJSON, "json", false, "print JSON")
	return c
}

func runPricesUpdate(ctx context.Context, env *Env, opts pricesUpdateOptions) error {
	if opts.from == "" {
		return refuse("--from says where the prices come from: a file, or a URL such as https://models.dev/api.json")
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	now, err := openPrices(env)
	if err != nil {
		return err
	}
	text, date, err := fetchPrices(ctx, env, opts.from)
	if err != nil {
		return err
	}
	newer, err := price.Reduce(opts.from, text, date)
	if err != nil {
		return refuse("take prices from %v", err)
	}
	if err := now.Table().Fit(newer); err != nil {
		return refuse("take prices from %s: %v; nothing was changed", opts.from, err)
	}
	path := opts.to
	if path == "" {
		if newer.Date < now.Date {
			return refuse("take prices from %s: they are of %s, older than those in use, of %s; nothing was changed", opts.from, newer.Date, now.Date)
		}
		dir, err := dataFolder(env.Getenv)
		if err != nil {
			return refuse("take prices: %v", err)
		}
		path = filepath.Join(dir, newerTableFile)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := replaceFile(path, newer.Text()); err != nil {
		return fmt.Errorf("write %s: %w", path, fileReason(err))
	}
	return printChanges(env, now, newer, path, opts.asJSON)
}

func printChanges(env *Env, before *prices, newer *price.Table, path string, asJSON bool) error {
	c := before.Table().Changes(newer)
	if asJSON {
		list := func(ids []string) []string {
			out := make([]string, len(ids))
			for i, id := range ids {
				out[i] = escape.Line(id)
			}
			return out
		}
		return printJSON(env.Stdout, map[string]any{
			"path": path, "date": newer.Date, "date_before": before.Date, "models": newer.Len(),
			"added": list(c.Added), "removed": list(c.Removed), "changed": list(c.Changed),
		})
	}
	fmt.Fprintf(env.Stdout, "%d prices of %s in the place of %d of %s: %d added, %d removed, %d changed\n",
		newer.Len(), escape.Line(newer.Date), before.Table().Len(), escape.Line(before.Date), len(c.Added), len(c.Removed), len(c.Changed))
	for _, kind := range []struct {
		name string
		ids  []string
	}{{"added", c.Added}, {"removed", c.Removed}, {"changed", c.Changed}} {
		const most = 10
		for i, id := range kind.ids {
			if i == most {
				fmt.Fprintf(env.Stdout, "%-8s  and %d more; --json lists all\n", kind.name, len(kind.ids)-most)
				break
			}
			fmt.Fprintf(env.Stdout, "%-8s  %s\n", kind.name, escape.Line(id))
		}
	}
	fmt.Fprintf(env.Stdout, "written to %s\n", escape.Line(path))
	return nil
}

// Bounds of what is fetched. The list of all models is a few megabytes.
const (
	mostPriceBytes = 64 << 20
	fetchTimeout   = time.Minute
)

// fetchPrices returns what lies at a path or a URL, and the day of it for a list
// that does not tell one.
func fetchPrices(ctx context.Context, env *Env, from string) ([]byte, string, error) {
	if u, err := url.Parse(from); err == nil && strings.Contains(from, "://") {
		if err := mayFetch(u); err != nil {
			return nil, "", refuse("take prices from %s: %v", from, err)
		}
		text, err := fetch(ctx, u)
		if err != nil {
			return nil, "", fmt.Errorf("take prices from %s: %w", from, fetchReason(err))
		}
		return text, env.Now().UTC().Format(time.DateOnly), nil
	}
	f, err := os.Open(from)
	if err != nil {
		return nil, "", refuse("take prices from %s: %v", from, fileReason(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", refuse("take prices from %s: %v", from, fileReason(err))
	}
	text, err := readPrices(f)
	if err != nil {
		return nil, "", refuse("take prices from %s: %v", from, fileReason(err))
	}
	return text, info.ModTime().UTC().Format(time.DateOnly), nil
}

func readPrices(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, mostPriceBytes+1))
	if err == nil && len(text) > mostPriceBytes {
		err = fmt.Errorf("it is larger than %d megabytes", mostPriceBytes>>20)
	}
	return text, err
}

// mayFetch reports what speaks against fetching a URL.
func mayFetch(u *url.URL) error {
	switch u.Scheme {
	case "https":
		return nil
	case "http":
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
		return errors.New("prices are fetched over https; http is for this machine only")
	}
	return fmt.Errorf("%s is not https", u.Scheme)
}

func fetch(ctx context.Context, u *url.URL) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	client := &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("it leads from one address to the next")
		}
		return mayFetch(r.URL)
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server says %s", res.Status)
	}
	return readPrices(res.Body)
}

// fetchReason returns the part of an error that the URL is not in.
func fetchReason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", fetchTimeout)
	}
	return err
}

// replaceFile puts a file in the place of another, in one step: whoever reads
// the path finds the one or the other, whole.
func replaceFile(path, text string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(text); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
