package export

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const tracesPath = "/v1/traces"

// tracesURL is where spans are sent to, by the rules of OpenTelemetry: the path
// of the signal is appended to a base address. An address that ends with it is
// taken as it is.
func tracesURL(endpoint string) (*url.URL, error) {
	if endpoint == "" {
		return nil, fmt.Errorf("otlp: an address is missing, such as http://localhost:4318")
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return nil, fmt.Errorf("otlp: the address cannot be read: %w", causeOf(err))
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", strings.HasSuffix(u.Host, ":"):
		return nil, fmt.Errorf("otlp: %q is no address of HTTP; write http://HOST:4318 or https://HOST", shown(u))
	}
	u.Fragment = ""
	if path := strings.TrimSuffix(u.Path, "/"); strings.HasSuffix(path, tracesPath) {
		u.Path = path
	} else {
		u.Path = path + tracesPath
	}
	u.RawPath = ""
	return u, nil
}

// checkHeader refuses what cannot be a header of HTTP. The value is not quoted:
// it may be a secret.
func checkHeader(name, value string) error {
	const others = "!#$%&'*+-.^_`|~"
	bad := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(others, r))
	}
	if name == "" || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("otlp: %q is no name of a header", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("otlp: the value of the header %s has control characters", name)
	}
	return nil
}

// FromEnvironment fills in what OpenTelemetry's variables say of the export:
// headers, timeout, compression, and the resource. The headers are left alone
// when the environment names the address of somebody else: they may hold what
// proves who asks. What is set already stays.
func (o *OTLPOptions) FromEnvironment(getenv func(string) string) error {
	either := func(name string) (value, from string) {
		for _, from := range []string{"OTEL_EXPORTER_OTLP_TRACES_" + name, "OTEL_EXPORTER_OTLP_" + name} {
			if v := strings.TrimSpace(getenv(from)); v != "" {
				return v, from
			}
		}
		return "", ""
	}
	if endpoint, _ := either("ENDPOINT"); endpoint == "" || sameHost(endpoint, o.Endpoint) {
		text, from := either("HEADERS")
		headers, err := pairsOf(text)
		if err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		o.Headers = merged(headers, o.Headers)
	}
	if text, from := either("TIMEOUT"); text != "" && o.Timeout == 0 {
		ms, err := strconv.ParseInt(text, 10, 32)
		if err != nil || ms <= 0 {
			return fmt.Errorf("%s: %q is no number of milliseconds", from, text)
		}
		o.Timeout = time.Duration(ms) * time.Millisecond
	}
	switch text, from := either("COMPRESSION"); text {
	case "", "gzip":
	case "none":
		o.Plain = true
	default:
		return fmt.Errorf("%s: %q is not gzip or none", from, text)
	}
	attributes, err := pairsOf(getenv("OTEL_RESOURCE_ATTRIBUTES"))
	if err != nil {
		return fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if o.Service == "" {
		o.Service = strings.TrimSpace(getenv("OTEL_SERVICE_NAME"))
	}
	if o.Service == "" {
		o.Service = attributes["service.name"]
	}
	delete(attributes, "service.name")
	o.Attributes = merged(attributes, o.Attributes)
	return nil
}

// sameHost reports whether two addresses lead to the same program.
func sameHost(a, b string) bool {
	first, err := url.Parse(a)
	if err != nil {
		return false
	}
	second, err := url.Parse(b)
	return err == nil && first.Host == second.Host && first.Scheme == second.Scheme
}

// pairsOf reads name=value,name=value with percents. Values are not quoted in
// errors.
func pairsOf(text string) (map[string]string, error) {
	pairs := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, fmt.Errorf("name=value,name=value is expected")
		}
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if err != nil {
			return nil, fmt.Errorf("the value of %s is not percent-encoded", name)
		}
		pairs[name] = value
	}
	return pairs, nil
}

func merged(under, over map[string]string) map[string]string {
	m := maps.Clone(under)
	if m == nil {
		m = map[string]string{}
	}
	maps.Copy(m, over)
	return m
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
