package redact

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

const (
	alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	hexes = "0123456789abcdef"
)

// draw returns n random bytes. Secrets in these tests are drawn when they run,
// so that the source holds nothing a scanner of repositories would stop at.
func draw(r *rand.Rand, set string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = set[r.IntN(len(set))]
	}
	return string(b)
}

func secrets(t testing.TB) *Redactor {
	t.Helper()
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// survives reports whether ten bytes in a row of a secret are in the output.
func survives(out, secret string) bool {
	if len(secret) <= 10 {
		return strings.Contains(out, secret)
	}
	for i := 0; i+10 <= len(secret); i++ {
		if strings.Contains(out, secret[i:i+10]) {
			return true
		}
	}
	return false
}

func TestContexts(t *testing.T) {
	t.Parallel()
	red := secrets(t)
	r := rand.New(rand.NewPCG(1, 2))
	j := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	for _, c := range []struct {
		name string
		text func(v string) string
	}{
		{"env", func(v string) string { return "PATH=/bin\nMY_API_KEY=" + v + "\nHOME=/" }},
		{"export", func(v string) string { return `export MY_TOKEN="` + v + `" && run` }},
		{"yaml", func(v string) string { return "a:\n  client_secret: " + v + "\n" }},
		{"flag", func(v string) string { return "agent --api-key " + v + " --out x" }},
		{"flag=", func(v string) string { return "agent --api-key=" + v + " --out x" }},
		{"argv", func(v string) string { return j([]string{"agent", "--api-key", v}) }},
		{"json", func(v string) string { return j(map[string]string{"apiKey": v}) }},
		{"arguments", func(v string) string {
			return j(map[string]string{"arguments": j(map[string]string{"x-api-key": v})})
		}},
		{"three deep", func(v string) string {
			return j(map[string]string{"a": j(map[string]string{"b": j(map[string]string{"auth_token": v})})})
		}},
		{"name and value", func(v string) string { return `{"name": "DB_PASSWORD", "value": "` + v + `"}` }},
		{"cut-off json", func(v string) string { return `{"args": "{\"password\": \"` + v + `\", \"pa` }},
		{"bearer", func(v string) string { return "> Authorization: Bearer " + v + "\n" }},
		{"prose bearer", func(v string) string { return "send Bearer " + v + " please" }},
		{"query", func(v string) string { return "GET https://x.org/a?token=" + v + "&page=2" }},
		{"form", func(v string) string { return "user=a&password=" + v + "&x=1" }},
		{"userinfo", func(v string) string { return "postgres://app:" + v + "@db.internal/app" }},
		{"connection string", func(v string) string { return "Server=x;User ID=a;Password=" + v + ";Encrypt=true" }},
		{"cookie", func(v string) string { return "Cookie: theme=dark; sessionid=" + v + "; lang=en" }},
		{"xml", func(v string) string { return `<add key="ApiKey" value="` + v + `"/>` }},
		{"element", func(v string) string { return "<password>" + v + "</password>" }},
		{"sql", func(v string) string { return "VALUES ('API_KEY', '" + v + "');" }},
		{"colour", func(v string) string { return "\x1b[32mAPI_KEY\x1b[0m=\x1b[1m" + v + "\x1b[0m" }},
		{"typed", func(v string) string { return `password: str = "` + v + `"` }},
		{"table", func(v string) string { return "| password | " + v + " |" }},
		{"netrc", func(v string) string { return "machine x login bob password " + v }},
		{"curl -u", func(v string) string { return "curl -u bob:" + v + " https://x.org" }},
		{"kubernetes", func(v string) string { return "- name: API_TOKEN\n  value: " + v + "\n" }},
		{"base64", func(v string) string {
			return "data: " + base64.StdEncoding.EncodeToString([]byte(j(map[string]string{"api_key": v})))
		}},
		{"prefix in prose", func(v string) string { return "key ghp_" + v + ", ok" }},
		{"unknown prefix", func(v string) string { return "key zq_" + v + "9aB, ok" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 50 {
				v := draw(r, alnum, 28)
				in := c.text(v)
				out, n := red.Text(in)
				if n == 0 || survives(out, v) {
					t.Errorf("in  %q\nout %q", in, out)
				}
				if again, m := red.Text(out); m != 0 {
					t.Errorf("not idempotent: %q, then %q", out, again)
				}
				if json.Valid([]byte(in)) && !json.Valid([]byte(out)) {
					t.Errorf("broke the JSON: %q", out)
				}
			}
		})
	}
}

func TestPrivateKeys(t *testing.T) {
	t.Parallel()
	red := secrets(t)
	r := rand.New(rand.NewPCG(3, 4))
	var lines []string
	for range 12 {
		lines = append(lines, draw(r, alnum+"+/", 64))
	}
	label := "RSA PRIVATE" + " KEY-----"
	whole := "-----BEGIN " + label + "\n" + strings.Join(lines, "\n") + "\n-----END " + label
	for name, text := range map[string]string{
		"whole":    "$ cat id\n" + whole + "\n$ ls",
		"escaped":  `KEY="` + strings.ReplaceAll(whole, "\n", `\n`) + `"`,
		"indented": "key: |\n  " + strings.ReplaceAll(whole, "\n", "\n  "),
		"no end":   whole[:len(whole)/2] + "… [truncated]",
		"no begin": whole[len(whole)/2:] + "\nmore",
	} {
		out, _ := red.Text(text)
		for _, l := range lines {
			if survives(out, l) {
				t.Errorf("%s: %q", name, out)
				break
			}
		}
		for _, w := range []string{"cat id", "ls", "truncated", "more"} {
			if strings.Contains(text, w) && !strings.Contains(out, w) {
				t.Errorf("%s: lost %q in %q", name, w, out)
			}
		}
	}
}

func TestLeftAlone(t *testing.T) {
	t.Parallel()
	red := secrets(t)
	r := rand.New(rand.NewPCG(5, 6))
	for _, text := range []string{
		`{"usage": {"input_tokens": 120, "max_tokens": 4096}, "token_type": "bearer"}`,
		"max_tokens=4096 tokens: 512 token_budget=200000",
		"call_" + draw(r, alnum, 24), "toolu_01" + draw(r, alnum, 22), "msg_01" + draw(r, alnum, 22),
		"chatcmpl-" + draw(r, alnum, 29), "resp_" + draw(r, hexes, 48), "request req_011C" + draw(r, alnum, 20),
		`{"signature": "ErUB` + draw(r, alnum+"+/", 200) + `==", "encrypted_content": "gAAA` + draw(r, alnum+"-_", 200) + `"}`,
		"commit " + draw(r, hexes, 40), "image@sha256:" + draw(r, hexes, 64), "h1:" + draw(r, alnum+"+/", 43) + "=",
		"data:image/png;base64,iVBORw0KGgo" + draw(r, alnum+"+/", 300) + "==",
		"ssh-ed25519 AAAA" + draw(r, alnum+"+/", 64) + " ada@laptop",
		"-----BEGIN CERTIFICATE-----\n" + draw(r, alnum+"+/", 64) + "\n-----END CERTIFICATE-----",
		"Bearer of bad news", "Basic authentication is disabled", "the basic assumption is fine", "password must be at least 12 characters",
		"Authorization: Bearer <token>", "Authorization: Bearer ${TOKEN}", "api_key: <your-key>", "OPENAI_API_KEY=sk-...", "password=********",
		"sk-" + strings.Repeat("x", 40), "API_KEY=$(pass show k)", `api_key=os.environ["API_KEY"]`, "password: {{ .Values.db }}",
		"next_token: Optional[str] = None", "def f(password: str, token: bytes) -> bool:", "primary_key: customer_identifier",
		".sk-fading-circle .sk-circle-before {}", "postgres://app@db/app", "https://user:${TOKEN}@github.com/a/b", "PWD=/home/ada/work",
		"[REDACTED:api-key] and <redacted:bearer>",
		"--- PASS: TestLogin/Bearer_2 (0.02s)", "PASS: src/auth/token4.test.ts", "eOnePass = ONEPASS_OFF", "pass := &analysis.Pass{Files: f2}",
		"nToken = _sqlite3Strlen30(tls, p2)", `cmd.Env = append(env, "PWD="+cfg.Dir2)`, "item.renderPass9=renderPass9;", "MAX_PASSWD = 1024",
		"AUTH = C.NL80211_AUTHTYPE_SHARED_KEY", `"cookie": "\U0001f36a"`, "gt_" + uuid(r), "arg_Vd_arrangement_imm5__imm5lt41gt_1__imm5lt42gt_2",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-" + draw(r, alnum, 6), "tooluse_" + draw(r, alnum, 22), "login($password: String!)",
	} {
		if out, n := red.Text(text); n != 0 {
			t.Errorf("%q became %q", text, out)
		}
	}
}

func TestJSONKeepsBytes(t *testing.T) {
	t.Parallel()
	red := secrets(t)
	key := "sk-" + strings.Repeat("aB3", 12)
	in := "\t{ \"n\" : 1.50e+3 , \"x\":NaN,\"\\u00e9\":\"\\u00e9 " + key + " \\ud83d\\ude00\",\"z\":[ -Infinity ] }\r\n"
	want := strings.Replace(in, key, "[REDACTED:api-key]", 1)
	out, n := red.JSON([]byte(in))
	if string(out) != want || n != 1 {
		t.Errorf("got %q (%d)\nwant %q", out, n, want)
	}
	key2 := "sk\\u002d" + strings.Repeat("aB3", 12)
	out, _ = red.JSON([]byte(`{"a":"` + key2 + `"}`))
	if string(out) != `{"a":"[REDACTED:api-key]"}` {
		t.Errorf("escaped dash: %q", out)
	}
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	if out, n := red.JSON([]byte(deep)); n != 0 || string(out) != deep {
		t.Error("deep nesting changed")
	}
}

func TestKeysStay(t *testing.T) {
	t.Parallel()
	in := `{"sk-` + strings.Repeat("aB3", 12) + `": 1}`
	if out, n := secrets(t).JSON([]byte(in)); n != 0 || string(out) != in {
		t.Errorf("key changed: %q", out)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	red, err := New(Options{Rules: []Rule{{"ticket", `\bTCK-(\d{4,})`}}})
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := red.Text(`{"a":"see TCK-12345","password":"hunter22"}`); out != `{"a":"see TCK-[REDACTED:ticket]","password":"[REDACTED:password]"}` {
		t.Errorf("stacked: %q", out)
	}
	red, _ = New(Options{Only: true, Rules: []Rule{{"ticket", `TCK-\d+`}}})
	if out, _ := red.Text("TCK-1 password=hunter22"); out != "[REDACTED:ticket] password=hunter22" {
		t.Errorf("only: %q", out)
	}
	for _, bad := range []Rule{{"", "x"}, {"Bad Name", "x"}, {"a", "("}, {"a", "x*"}} {
		if _, err := New(Options{Rules: []Rule{bad}}); !errors.Is(err, ErrRule) {
			t.Errorf("%v: err %v", bad, err)
		}
	}
}

func TestPersonalData(t *testing.T) {
	t.Parallel()
	red, _ := New(Options{PII: true})
	for in, want := range map[string]string{
		"mail ada.b+c@example.co.uk now":             "mail [REDACTED:email] now",
		"card 4111 1111 1111 1111 ok":                "card [REDACTED:card] ok",
		"card 4111 1111 1111 1112 ok":                "card 4111 1111 1111 1112 ok",
		"iban DE89 3704 0044 0532 0130 00.":          "iban [REDACTED:iban].",
		"call +49 170 1234567 today":                 "call [REDACTED:phone] today",
		"from 203.0.113.9 to 127.0.0.1":              "from [REDACTED:ip] to 127.0.0.1",
		`{"n":4111111111111111,"at":"2026-11-20"}`:   `{"n":4111111111111111,"at":"2026-11-20"}`,
		"version 1.2.3 at 2026-11-20T09:00:01Z took": "version 1.2.3 at 2026-11-20T09:00:01Z took",
	} {
		out, _ := red.Text(in)
		if out != want {
			t.Errorf("%q: got %q, want %q", in, out, want)
		}
		if again, n := red.Text(out); n != 0 {
			t.Errorf("%q: not idempotent: %q", in, again)
		}
	}
	if out, n := secrets(t).Text("ada@example.com +49 170 1234567"); n != 0 {
		t.Errorf("personal data masked by default: %q", out)
	}
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	key := "ghp_" + strings.Repeat("a", 36)
	in := `{"id":"a","text":"x ` + key + `"}` + "\n\n" + `{"id":2,"text":"ignored","chunks":["use ghp_aaaa","` + key[8:] + `"," ok"]}` + "\n" +
		`{"id":"big","text":"` + strings.Repeat("word ", 100_000) + `"}`
	var out strings.Builder
	if err := JSONLines(strings.NewReader(in), &out, secrets(t), nil); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if lines[0] != `{"id":"a","text":"x [REDACTED:github-token]"}` || lines[1] != `{"id":2,"chunks":["",""," use"]}` && !strings.Contains(lines[1], "[REDACTED:github-token] ok") {
		t.Errorf("got %q", lines[:2])
	}
	if len(lines[2]) < 500_000 {
		t.Errorf("long line cut to %d bytes", len(lines[2]))
	}
	if err := JSONLines(strings.NewReader("{oops"), &out, secrets(t), nil); err == nil {
		t.Error("no error for a line that is not JSON")
	}
}

// TestTellingEnds holds the filter of key names to what it filters for.
func TestTellingEnds(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields("password passwd dbPasswort passcode dbPwd db_pass sshpass pw ldap_bindpw contrasena motDePasse passphrase mnemonic seed_phrase recoveryPhrase seedWords " +
		"Authorization proxy-authorization authorizationHeader auth X-Auth Bearer Cookie Set-Cookie cookies sessionCookie apiKey API_KEYS api_key_id accessKeyId keyData psk secret secrets secretValue secretBase " +
		"secret_id totpSecret otp_seed credential credentials creds cred jwt github_pat accessTokens otp sas token signing_key passwordHash accessCode authCode code_verifier webhook connectionString connstr") {
		if keyOf(name).is == plain {
			t.Errorf("%s tells nothing", name)
		}
	}
}
