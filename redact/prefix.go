package redact

import (
	"strings"
	"sync"
)

// prefix is how the tokens of one issuer start. No length is fixed: issuers
// change theirs, and a token cut short is still most of a secret.
type prefix struct {
	text string
	kind string
	min  int   // bytes that must follow
	set  uint8 // what may follow
	weak bool  // the prefix also starts ordinary words: the rest has to look random
}

const (
	sWord   = iota // letters, digits, _ and -
	sDotted        // and dots
	sB64           // and + / = .
	sAlnum         // letters and digits
)

// issuers are all prefixes by their first byte, longer ones before their own
// beginnings.
var issuers = sync.OnceValue(func() *[256][]prefix {
	var t [256][]prefix
	for b := range t {
		for _, p := range prefixes(byte(b)) {
			if p.text[0] == byte(b) {
				t[b] = append(t[b], p)
			}
		}
	}
	return &t
})

func prefixes(first byte) []prefix {
	switch first {
	case 's':
		return pS
	case 'g':
		return pG
	case 'p':
		return pP
	case 'a', 'A':
		return pA
	case 'E', 'G', 'H', 'L', 'N', 'P', 'S':
		return pUpper
	}
	if is(first, cLetter) || first == '1' {
		return pRest
	}
	return nil
}

var pS = []prefix{
	{"sk-ant-", "anthropic-key", 16, sWord, false},
	{"sk-proj-", "openai-key", 16, sWord, false},
	{"sk-svcacct-", "openai-key", 16, sWord, false},
	{"sk-or-", "openrouter-key", 16, sWord, false},
	{"sk_live_", "stripe-key", 10, sWord, false},
	{"sk_test_", "stripe-key", 10, sWord, false},
	{"sk-", "api-key", 16, sDotted, true},
	{"sk_", "api-key", 16, sWord, true},
	{"shpat_", "shopify-token", 16, sWord, false},
	{"shpca_", "shopify-token", 16, sWord, false},
	{"shppa_", "shopify-token", 16, sWord, false},
	{"shpss_", "shopify-token", 16, sWord, false},
	{"sntry", "sentry-token", 20, sB64, true},
	{"sbp_", "supabase-token", 16, sWord, true},
	{"sb_secret_", "supabase-key", 16, sWord, false},
	{"sq0", "square-token", 20, sWord, true},
	{"secret_", "secret", 20, sWord, true},
	{"sig_", "secret", 20, sWord, true},
	{"sess-", "session-key", 40, sAlnum, false},
	{"sl.", "dropbox-token", 30, sDotted, true},
	{"st.", "service-token", 60, sDotted, true},
	{"s.", "vault-token", 22, sAlnum, true},
	{"sk", "api-key", 100, sAlnum, true},
}

var pG = []prefix{
	{"github_pat_", "github-token", 16, sWord, false},
	{"ghp_", "github-token", 16, sWord, false},
	{"gho_", "github-token", 16, sWord, false},
	{"ghu_", "github-token", 16, sWord, false},
	{"ghs_", "github-token", 16, sDotted, false},
	{"ghr_", "github-token", 16, sWord, false},
	{"gsk_", "groq-key", 16, sWord, false},
	{"glpat-", "gitlab-token", 14, sDotted, false},
	{"gl", "service-token", 18, sDotted, true},
}

var pP = []prefix{
	{"pypi-", "pypi-token", 16, sWord, true},
	{"pplx-", "api-key", 16, sWord, true},
	{"pk-lf-", "langfuse-key", 16, sWord, false},
	{"pk_live_", "stripe-key", 10, sWord, false},
	{"pk_test_", "stripe-key", 10, sWord, false},
	{"pscale_", "planetscale-token", 16, sDotted, true},
	{"pul-", "pulumi-token", 16, sWord, true},
	{"phx_", "posthog-key", 16, sWord, true},
	{"pat", "personal-access-token", 24, sDotted, true},
	{"pk.", "map-token", 20, sDotted, true},
}

var pA = []prefix{
	{"ak-", "token-id", 22, sAlnum, true},
	{"as-", "token", 22, sAlnum, true},
	{"AKIA", "aws-key-id", 12, sAlnum, true},
	{"ASIA", "aws-key-id", 12, sAlnum, true},
	{"ABIA", "aws-key-id", 12, sAlnum, true},
	{"ACCA", "aws-key-id", 12, sAlnum, true},
	{"ABSK", "aws-bedrock-key", 30, sB64, true},
	{"AIza", "google-api-key", 20, sWord, false},
	{"AGE-SECRET-KEY-", "age-key", 20, sWord, false},
	{"ATATT", "atlassian-token", 24, sB64, true},
	{"ATCTT", "atlassian-token", 24, sB64, true},
	{"ATBB", "bitbucket-token", 20, sAlnum, true},
	{"AKCp", "artifactory-key", 20, sWord, true},
	{"AQVN", "api-key", 24, sWord, true},
	{"apify_api_", "api-key", 16, sWord, true},
	{"access-production-", "access-token", 30, sWord, true},
	{"access-sandbox-", "access-token", 30, sWord, true},
	{"age-secret-key-", "age-key", 20, sWord, false},
}

var pUpper = []prefix{
	{"EAA", "access-token", 24, sWord, true},
	{"EZ", "api-key", 30, sWord, true},
	{"GOCSPX-", "oauth-secret", 16, sWord, false},
	{"HRKU-", "heroku-key", 16, sWord, false},
	{"LTAI", "cloud-key-id", 12, sAlnum, true},
	{"NRAK-", "newrelic-key", 16, sWord, true},
	{"NRJS-", "newrelic-key", 16, sWord, true},
	{"PMAK-", "postman-key", 16, sWord, true},
	{"SG.", "sendgrid-key", 20, sDotted, true},
	{"SK", "twilio-key", 30, sAlnum, true},
	{"SCW", "cloud-key-id", 14, sAlnum, true},
}

var pRest = []prefix{
	{"1//0", "google-token", 30, sWord, true},
	{"bedrock-api-key-", "aws-bedrock-key", 30, sB64, false},
	{"cmVmd", "artifactory-token", 50, sAlnum, true},
	{"fw_", "api-key", 22, sAlnum, true},
	{"md-", "api-key", 20, sWord, true},
	{"v1.local.", "paseto", 30, sDotted, false},
	{"v2.local.", "paseto", 30, sDotted, false},
	{"v3.local.", "paseto", 30, sDotted, false},
	{"v4.local.", "paseto", 30, sDotted, false},
	{"v2.public.", "paseto", 60, sDotted, false},
	{"v4.public.", "paseto", 60, sDotted, false},
	{"xoxd-", "slack-token", 10, sB64, false},
	{"xoxe.xox", "slack-token", 10, sDotted, false},
	{"xox", "slack-token", 10, sWord, false},
	{"xapp-", "slack-token", 10, sWord, false},
	{"xai-", "api-key", 16, sWord, true},
	{"ya29.", "google-token", 16, sDotted, false},
	{"eyJ", "jwt", 14, sDotted, false},
	{"hf_", "huggingface-token", 16, sWord, false},
	{"hvs.", "vault-token", 16, sWord, false},
	{"hvb.", "vault-token", 16, sWord, false},
	{"hvr.", "vault-token", 16, sWord, false},
	{"npm_", "npm-token", 16, sWord, false},
	{"nvapi-", "api-key", 16, sWord, true},
	{"ntn_", "notion-token", 16, sWord, true},
	{"dop_v1_", "digitalocean-token", 16, sWord, false},
	{"doo_v1_", "digitalocean-token", 16, sWord, false},
	{"dor_v1_", "digitalocean-token", 16, sWord, false},
	{"dapi", "databricks-token", 24, sWord, true},
	{"dckr_", "docker-token", 16, sWord, true},
	{"dp.", "doppler-token", 20, sDotted, true},
	{"dt0c01.", "dynatrace-token", 20, sDotted, true},
	{"fm1_", "fly-token", 16, sB64, true},
	{"fm2_", "fly-token", 16, sB64, true},
	{"FlyV1", "fly-token", 16, sB64, true},
	{"FLWSECK", "api-key", 24, sWord, true},
	{"cflt", "api-key", 48, sB64, true},
	{"figd_", "figma-token", 16, sWord, true},
	{"lsv2_", "langsmith-key", 16, sWord, false},
	{"lin_", "linear-key", 16, sWord, true},
	{"rk_live_", "stripe-key", 10, sWord, false},
	{"rk_test_", "stripe-key", 10, sWord, false},
	{"r8_", "replicate-token", 16, sWord, true},
	{"rubygems_", "rubygems-key", 16, sWord, true},
	{"re_", "api-key", 18, sWord, true},
	{"tvly-", "api-key", 16, sWord, true},
	{"tskey-", "tailscale-key", 12, sWord, true},
	{"whsec_", "webhook-secret", 14, sB64, false},
	{"key-", "api-key", 20, sWord, true},
	{"oy2", "nuget-key", 30, sAlnum, true},
	{"v1.0-", "api-key", 30, sWord, true},
}

// issued returns the end and kind of the token that starts at i and bears the
// prefix of an issuer, or 0.
func (c *scanner) issued(i int) (int, string) {
	s := c.s
	if i+1 >= len(s) || !startsLike(s, i) {
		return 0, ""
	}
	table := issuers()[s[i]]
	for k := range table {
		p := &table[k]
		if p.text[1] != s[i+1] || !strings.HasPrefix(s[i:], p.text) {
			continue
		}
		from := i + len(p.text)
		to := c.body(from, p.set)
		if p.set != sB64 && to-from >= 4 {
			to = c.further(to)
		}
		if to-from < p.min {
			continue
		}
		body := head(s[from:to])
		if p.weak && (insideRun(s, i, to) || !layout(p, s, i, to)) {
			continue
		}
		if p.kind == "jwt" {
			if to = jwtEnd(s, i, to); to > 0 {
				return to, p.kind
			}
			continue
		}
		if placeholder(body) {
			continue
		}
		m := measure(body)
		if p.weak && !weakBody(m, body) || !p.weak && strings.ContainsAny(body, "_-.") && slugged(body) {
			continue
		}
		return to, p.kind
	}
	return 0, ""
}

// further returns the end of a token that goes on behind a + or / at i, as some
// do whose issuer's letters are those of base64. What follows has to look like
// more of it: a / also begins a path.
func (c *scanner) further(i int) int {
	s := c.s
	if i >= len(s) || s[i] != '+' && s[i] != '/' {
		return i
	}
	to := c.body(i, sB64)
	if to-i < 8 {
		return i
	}
	if more := s[i+1 : min(to, i+65)]; slugged(more) || !measure(more).random() {
		return i
	}
	return to
}

// insideRun reports whether s[i:to] is the middle of a longer base64 run, where
// a few letters mean nothing.
func insideRun(s string, i, to int) bool {
	if i > 0 && s[i-1] == '+' {
		return true
	}
	if to < len(s) && (s[to] == '+' || s[to] == '/') {
		return !strings.ContainsAny(s[i:min(to, i+12)], "-_.")
	}
	return i > 0 && s[i-1] == '/' && !strings.ContainsAny(s[i:min(to, i+12)], "-_.")
}

// layout checks the few prefixes that need more than letters to be one.
func layout(p *prefix, s string, i, to int) bool {
	switch p.text {
	case "gl": // glpat- glrt- gldt- glcbt- glsa_ glc_
		k := run(s, i, cLetter)
		return k-i <= 7 && k < to && (s[k] == '-' || s[k] == '_')
	case "pat": // pat<14>.<64>, pat-eu1-...
		k := run(s, i, cLetter|cDigit)
		return k-i == 3 && (s[k] == '-' || s[k] == '_') && measure(head(s[k:to])).hex >= 24 || k-i >= 14 && k-i <= 24 && k < to && s[k] == '.'
	}
	return true
}

// weakBody is what the rest of a token has to look like after a prefix that
// ordinary words share: random, and not cut into words.
func weakBody(m shape, body string) bool {
	if slugged(body) || m.same > 8 {
		return false
	}
	return m.random() || m.digits >= 2 && m.turns >= 2 && m.n >= 20
}

// slugged reports whether every part of s between _ - and . is a word or short.
func slugged(s string) bool {
	parts := 0
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] != '_' && s[j] != '-' && s[j] != '.' {
			j++
		}
		if j-i > 4 {
			if m := measure(s[i:j]); !m.wordy() || m.digits > 0 {
				return false
			}
		} else if d := s[i:j]; len(d) > 2 && run(d, 0, cDigit) != len(d) && run(d, 0, cLetter) != len(d) {
			return false
		}
		parts++
		i = j + 1
	}
	return parts > 0
}

func bodyEnd(s string, i int, set uint8) int {
	from := i
	switch set {
	case sAlnum:
		i = run(s, i, cLetter|cDigit)
	case sWord:
		i = run(s, i, cWord)
	case sDotted:
		for i < len(s) && (is(s[i], cWord) || s[i] == '.') {
			i++
		}
		i = trimTail(s, from, i, ".")
	case sB64:
		for i < len(s) && (is(s[i], cB64) || s[i] == '.' || s[i] == '=' && i > from || s[i] == '%' && percent(s[i:])) {
			i++
		}
		i = trimTail(s, from, i, "./")
	}
	return i
}

// percent reports whether s starts with a percent-encoded + / or =.
func percent(s string) bool {
	return len(s) > 2 && (s[1:3] == "2B" || s[1:3] == "2F" || s[1:3] == "3D" || s[1:3] == "2b" || s[1:3] == "2f" || s[1:3] == "3d")
}

// jwtEnd checks for header.payload.signature, of which the last may be cut off.
func jwtEnd(s string, i, to int) int {
	first := strings.IndexByte(s[i:to], '.')
	if first < 7 {
		return 0
	}
	rest := head(s[i+first+1 : to])
	second := strings.IndexByte(rest, '.')
	if second == 0 && strings.Count(rest, ".") >= 3 && len(rest) >= 30 {
		return to // encrypted, with a key that is not sent along
	}
	if second >= 0 && second < 4 || second < 0 && !strings.HasPrefix(rest, "eyJ") || len(rest) < 8 {
		return 0
	}
	if placeholder(head(s[i:to])) {
		return 0
	}
	return to
}

// shaped returns the end and kind of a token at i that has no prefix but a
// layout of its own, or 0. j is the end of the word at i.
func (c *scanner) shaped(i, j int) (int, string) {
	s := c.s
	n := j - i
	switch {
	case n >= 6 && n <= 12 && j < len(s) && s[j] == ':' && run(s, i, cDigit) == j:
		// A bot token: digits, a colon, 35 random bytes.
		to := run(s, j+1, cWord)
		if to-j > 30 && measure(s[j+1:to]).opaque() {
			return to, "bot-token"
		}
	case n == 36 || n == 37: // 32 hex digits and the name of a data centre
		if s[i+32:i+35] == "-us" && run(s, i, cHex) == i+32 && run(s, i+35, cDigit) == j {
			return j, "api-key"
		}
	case n == 40 && s[j-4:j] == "NRAL" && run(s, i, cHex) == j-4:
		return j, "license-key"
	case n >= 12 && j < len(s) && s[j] == '.':
		// Three random parts joined by dots, or a long one after a short one.
		to := c.body(i, sDotted)
		if to-i > 4096 {
			break
		}
		parts := strings.Count(s[i:to], ".")
		if parts <= 2 && to-i >= 48 && measure(s[i:to]).opaque() && dottedOpaque(s[i:to]) {
			return to, "token"
		}
	}
	if j < len(s) && s[j] == '~' || n == 3 && j+1 < len(s) && s[j+1] == '~' || n < 3 {
		// A directory secret: 3 bytes, a digit, Q~, and 34 more.
		to := i
		for to < len(s) && to < i+256 && (is(s[to], cWord) || s[to] == '~' || s[to] == '.') {
			to++
		}
		to = trimTail(s, i, to, ".")
		if at := strings.Index(s[i:to], "Q~"); at >= 2 && at <= 5 && to-i >= 30 && measure(s[i:to]).random() {
			return to, "client-secret"
		}
	}
	return 0, ""
}

// dottedOpaque rejects dotted names: with a word among the parts, or with an
// extension at the end.
func dottedOpaque(s string) bool {
	if len(s)-strings.LastIndexByte(s, '.') < 16 {
		return false
	}
	for p := range strings.SplitSeq(s, ".") {
		if m := measure(p); m.n >= 12 && m.wordy() {
			return false
		}
	}
	return true
}

// unknownPrefix reports whether w is a random string behind a short lower-case
// prefix of an issuer the table does not know, and not a public identifier.
func unknownPrefix(w string) bool {
	if len(w) < 24 || !is(w[0], cLetter) {
		return false
	}
	at := dash(w)
	if at < 2 || at > 12 || idPrefix(w[:at]) || strings.HasPrefix(w, "fc_") {
		return false
	}
	last, telling := unprefixed(w)
	least, whole := 20, 28
	if telling {
		least, whole = 16, 24
	}
	if len(last) < least || len(w) < whole || placeholder(w) || containsFold(w[:len(w)-len(last)], "id") {
		return false
	}
	m := measure(last)
	if m.n >= 20 && (m.opaque() || m.single()) {
		return true
	}
	if telling && m.random() && (m.digits >= 2 || m.upper >= 3 && m.lower >= 3 && m.odds() > 8) && !slugged(last) {
		return true
	}
	// Hex: tok_<40 hex>, ab-<32 hex>. Behind a dash the lengths of a digest are
	// left alone, for file and branch names end so.
	if m.hex != m.n || m.n < 32 || m.digits == 0 || m.letters == 0 {
		return false
	}
	return w[len(w)-len(last)-1] == '_' || at <= 4 && m.n != 40 && m.n != 64
}

// unprefixed returns what stands behind the short words at the beginning of w,
// and whether the last of these says that it is a secret: what is behind it is
// all of it then, whatever joins its parts.
func unprefixed(w string) (last string, telling bool) {
	last = w
	for {
		k := dash(last)
		if k < 0 || k > 12 {
			return last, false
		}
		part := last[:k]
		last = last[k+1:]
		switch part {
		case "key", "apikey", "secret", "token", "live", "prod", "pat", "sk", "access", "admin":
			if run(last, 0, cLetter) < 5 { // token-rotator-… is the name of a thing
				return last, true
			}
		}
	}
}

// dash returns where the first part of w ends, or -1.
func dash(w string) int {
	for i := range len(w) {
		if w[i] == '_' || w[i] == '-' {
			return i
		}
	}
	return -1
}
