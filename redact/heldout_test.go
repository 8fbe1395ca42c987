package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// The corpus of this file holds credentials of services that the rules were not
// made for, in notations of many kinds, beside opaque values that are no
// secrets. Every value is drawn when the test runs.

const (
	lowers   = "abcdefghijklmnopqrstuvwxyz0123456789"
	uppers   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	numbers  = "0123456789"
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	urlSafe  = alnum + "-_"
	base32   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	std64    = alnum + "+/"
	crockers = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// credential is a kind of secret. What follows the public prefix must not
// survive.
type credential struct {
	name   string
	prefix string
	keys   []string // names under which it is kept
	keyed  bool     // only such a name tells that it is one
	body   func(r *rand.Rand) string
}

func of(set string, n int) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return draw(r, set, n) }
}

func joined(sep string, parts ...func(*rand.Rand) string) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		all := make([]string, len(parts))
		for i, p := range parts {
			all[i] = p(r)
		}
		return strings.Join(all, sep)
	}
}

func fixed(s string) func(*rand.Rand) string { return func(*rand.Rand) string { return s } }

func uuid(r *rand.Rand) string {
	h := draw(r, hexes, 32)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func padded(n int) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return base64.StdEncoding.EncodeToString(b)
	}
}

var words = strings.Fields("river amber stone quiet cobalt maple orbit lantern velvet thunder harbor cactus meadow falcon ginger pepper rocket walnut winter copper puzzle anchor basil cipher delta ember glacier hazel island jungle kettle ladder")

// typed is a password that a person made up.
func typed(r *rand.Rand) string {
	w := func() string { return words[r.IntN(len(words))] }
	switch r.IntN(4) {
	case 0:
		return strings.ToUpper(w()[:1]) + w()[1:] + draw(r, numbers, 4) + string("!#%"[r.IntN(3)])
	case 1:
		return w() + "-" + w() + "-" + w() + "-" + draw(r, numbers, 2)
	case 2:
		return draw(r, alnum+"!#%*", 15) + draw(r, numbers, 1)
	}
	return w() + "_" + draw(r, alnum, 9)
}

func phraseOf(r *rand.Rand) string {
	all := make([]string, 12)
	for i := range all {
		all[i] = words[r.IntN(len(words))]
	}
	return strings.Join(all, " ")
}

// credentials are kinds that the rules have no entry for, or only a general one.
var credentials = []credential{
	// models
	{"anthropic admin", "sk-ant-admin01-", []string{"ANTHROPIC_ADMIN_KEY"}, false, of(urlSafe, 95)},
	{"openai admin", "sk-admin-", []string{"OPENAI_ADMIN_KEY"}, false, of(urlSafe, 120)},
	{"openai session", "sess-", []string{"OPENAI_SESSION_KEY"}, false, of(alnum, 40)},
	{"xai", "xai-", []string{"XAI_API_KEY"}, false, of(alnum, 80)},
	{"fireworks", "fw_", []string{"FIREWORKS_API_KEY"}, false, of(alnum, 24)},
	{"together v2", "tgp_v1_", []string{"TOGETHER_API_KEY"}, false, of(urlSafe, 43)},
	{"cerebras", "csk-", []string{"CEREBRAS_API_KEY"}, false, of(lowers, 48)},
	{"voyage", "pa-", []string{"VOYAGE_API_KEY"}, false, of(urlSafe, 43)},
	{"jina", "jina_", []string{"JINA_API_KEY"}, false, of(alnum, 60)},
	{"elevenlabs", "sk_", []string{"ELEVENLABS_API_KEY", "xi-api-key"}, false, of(hexes, 48)},
	{"assemblyai", "", []string{"ASSEMBLYAI_API_KEY"}, true, of(hexes, 32)},
	{"deepgram", "", []string{"DEEPGRAM_API_KEY"}, true, of(hexes, 40)},
	{"stability", "sk-", []string{"STABILITY_API_KEY"}, false, of(alnum, 48)},
	{"zhipu", "", []string{"ZHIPUAI_API_KEY"}, false, joined(".", of(hexes, 32), of(alnum, 16))},
	{"moonshot", "sk-", []string{"MOONSHOT_API_KEY"}, false, of(alnum, 48)},
	{"bedrock short term", "bedrock-api-key-", []string{"AWS_BEARER_TOKEN_BEDROCK"}, false, of(std64, 200)},
	{"pinecone", "pcsk_", []string{"PINECONE_API_KEY"}, false, joined("_", of(alnum, 6), of(alnum, 62))},
	{"weaviate", "", []string{"WEAVIATE_API_KEY"}, true, of(alnum, 40)},
	{"qdrant", "", []string{"QDRANT_API_KEY"}, true, of(urlSafe, 50)},
	{"langfuse public", "pk-lf-", []string{"LANGFUSE_PUBLIC_KEY"}, false, uuid},
	{"helicone", "sk-helicone-", []string{"HELICONE_API_KEY"}, false, joined("-", of(lowers, 7), of(lowers, 7), of(lowers, 7), of(lowers, 7))},
	{"braintrust", "sk-", []string{"BRAINTRUST_API_KEY"}, false, of(alnum, 48)},
	{"portkey", "", []string{"PORTKEY_API_KEY"}, true, of(std64, 28)},
	{"exa", "", []string{"EXA_API_KEY"}, true, uuid},
	{"e2b", "e2b_", []string{"E2B_API_KEY"}, false, of(hexes, 40)},
	{"daytona", "dtn_", []string{"DAYTONA_API_KEY"}, false, of(hexes, 64)},
	{"modal id", "ak-", []string{"MODAL_TOKEN_ID"}, false, of(alnum, 22)},
	{"modal secret", "as-", []string{"MODAL_TOKEN_SECRET"}, false, of(alnum, 22)},
	{"runpod", "rpa_", []string{"RUNPOD_API_KEY"}, false, of(uppers, 40)},
	{"browserbase", "bb_live_", []string{"BROWSERBASE_API_KEY"}, false, of(urlSafe, 27)},
	{"comet", "", []string{"COMET_API_KEY"}, true, of(alnum, 25)},
	// code and its delivery
	{"gitlab runner", "glrt-", []string{"CI_RUNNER_TOKEN"}, false, of(urlSafe, 20)},
	{"gitlab deploy", "gldt-", []string{"CI_DEPLOY_PASSWORD"}, false, of(urlSafe, 20)},
	{"gitlab feed", "glft-", []string{"FEED_TOKEN"}, false, of(urlSafe, 20)},
	{"gitlab job", "glcbt-", []string{"CI_JOB_TOKEN"}, false, joined("_", of(hexes, 2), of(urlSafe, 20))},
	{"gitlab trigger", "glptt-", []string{"TRIGGER_TOKEN"}, false, of(hexes, 40)},
	{"bitbucket server", "BBDC-", []string{"BITBUCKET_TOKEN"}, false, of(std64, 44)},
	{"buildkite", "bkua_", []string{"BUILDKITE_API_TOKEN"}, false, of(hexes, 40)},
	{"circleci", "CCIPAT_", []string{"CIRCLE_TOKEN"}, false, joined("_", of(alnum, 22), of(hexes, 40))},
	{"docker oat", "dckr_oat_", []string{"DOCKERHUB_TOKEN"}, false, of(urlSafe, 32)},
	{"nuget", "oy2", []string{"NUGET_API_KEY"}, false, of(lowers, 43)},
	{"clojars", "CLOJARS_", []string{"CLOJARS_PASSWORD"}, false, of(lowers, 60)},
	{"hex pm", "", []string{"HEX_API_KEY"}, true, of(hexes, 32)},
	{"jfrog reference", "cmVmd", []string{"JF_ACCESS_TOKEN"}, false, of(alnum, 59)},
	{"sonarqube", "squ_", []string{"SONAR_TOKEN"}, false, of(hexes, 40)},
	{"snyk", "", []string{"SNYK_TOKEN"}, true, uuid},
	{"codecov", "", []string{"CODECOV_TOKEN"}, true, uuid},
	{"sourcegraph", "sgp_", []string{"SRC_ACCESS_TOKEN"}, false, joined("_", of(hexes, 16), of(hexes, 40))},
	{"gitea", "", []string{"GITEA_TOKEN"}, true, of(hexes, 40)},
	{"expo", "", []string{"EXPO_TOKEN"}, true, of(urlSafe, 40)},
	// clouds
	{"terraform", "", []string{"TF_TOKEN_app_terraform_io", "TFE_TOKEN"}, false, joined(".", of(alnum, 14), fixed("atlasv1"), of(alnum, 67))},
	{"vault batch", "hvb.", []string{"VAULT_TOKEN"}, false, of(urlSafe, 138)},
	{"fly", "fo1_", []string{"FLY_API_TOKEN"}, false, of(urlSafe, 43)},
	{"render", "rnd_", []string{"RENDER_API_KEY"}, false, of(alnum, 32)},
	{"netlify", "nfp_", []string{"NETLIFY_AUTH_TOKEN"}, false, of(alnum, 36)},
	{"supabase secret", "sb_secret_", []string{"SUPABASE_SECRET_KEY"}, false, joined("_", of(urlSafe, 22), of(urlSafe, 8))},
	{"neon", "napi_", []string{"NEON_API_KEY"}, false, of(lowers, 64)},
	{"railway", "", []string{"RAILWAY_TOKEN"}, true, uuid},
	{"scaleway", "", []string{"SCW_SECRET_KEY"}, true, uuid},
	{"hetzner", "", []string{"HCLOUD_TOKEN"}, true, of(alnum, 64)},
	{"linode", "", []string{"LINODE_TOKEN"}, true, of(hexes, 64)},
	{"ovh", "", []string{"OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"}, true, of(alnum, 32)},
	{"azure devops", "", []string{"AZURE_DEVOPS_EXT_PAT", "SYSTEM_ACCESSTOKEN"}, true, of(lowers, 52)},
	{"azure search", "", []string{"AZURE_SEARCH_KEY"}, true, of(alnum, 52)},
	{"azure cosmos", "", []string{"COSMOS_KEY"}, true, padded(64)},
	{"gcp refresh", "1//0", []string{"refresh_token"}, false, of(urlSafe, 100)},
	{"cloudflare global", "", []string{"CLOUDFLARE_API_KEY", "X-Auth-Key"}, true, of(hexes, 37)},
	{"cloudflare origin", "v1.0-", []string{"CF_ORIGIN_CA_KEY"}, false, joined("-", of(hexes, 24), of(hexes, 146))},
	{"upstash", "", []string{"UPSTASH_REDIS_REST_TOKEN"}, true, of(std64, 60)},
	{"confluent", "", []string{"CONFLUENT_CLOUD_API_SECRET"}, true, of(std64, 64)},
	{"elastic", "", []string{"ELASTIC_API_KEY"}, true, padded(45)},
	{"oracle", "", []string{"OCI_PRIVATE_KEY_PASSPHRASE"}, true, of(alnum, 18)},
	{"tailscale", "tskey-auth-", []string{"TS_AUTHKEY"}, false, joined("-", of(alnum, 12), of(alnum, 32))},
	{"infisical", "st.", []string{"INFISICAL_TOKEN"}, false, joined(".", of(hexes, 24), of(hexes, 32), of(hexes, 32))},
	{"onepassword", "ops_", []string{"OP_SERVICE_ACCOUNT_TOKEN"}, false, of(urlSafe, 250)},
	{"bitwarden", "", []string{"BWS_ACCESS_TOKEN"}, false, joined("", fixed("0."), uuid, fixed("."), of(alnum, 30), fixed(":"), padded(16))},
	{"alibaba secret", "", []string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET"}, true, of(alnum, 30)},
	{"yandex", "y0_", []string{"YC_TOKEN"}, false, of(urlSafe, 55)},
	// talk, money, work
	{"slack config", "xoxe-1-", []string{"SLACK_CONFIG_TOKEN"}, false, of(alnum, 140)},
	{"slack cookie", "xoxd-", []string{"SLACK_COOKIE"}, false, joined("%2B", of(alnum, 40), of(alnum, 50), of(alnum, 30))},
	{"discord", "MT", []string{"DISCORD_BOT_TOKEN"}, false, joined(".", of(alnum, 24), of(urlSafe, 6), of(urlSafe, 38))},
	{"telegram", "", []string{"TG_TOKEN"}, false, joined(":AA", of("123456789", 10), of(urlSafe, 33))},
	{"mailchimp", "", []string{"MAILCHIMP_API_KEY"}, false, joined("-us", of(hexes, 32), of(numbers, 2))},
	{"mandrill", "md-", []string{"MANDRILL_API_KEY"}, false, of(urlSafe, 22)},
	{"resend", "re_", []string{"RESEND_API_KEY"}, false, joined("_", of(alnum, 8), of(alnum, 24))},
	{"brevo", "xkeysib-", []string{"BREVO_API_KEY"}, false, joined("-", of(hexes, 64), of(alnum, 16))},
	{"postmark", "", []string{"POSTMARK_SERVER_TOKEN", "X-Postmark-Server-Token"}, true, uuid},
	{"intercom", "", []string{"INTERCOM_ACCESS_TOKEN"}, true, of(std64, 60)},
	{"square", "sq0csp-", []string{"SQUARE_APPLICATION_SECRET"}, false, of(urlSafe, 43)},
	{"paypal", "E", []string{"PAYPAL_CLIENT_SECRET"}, true, of(urlSafe, 79)},
	{"adyen", "AQE", []string{"ADYEN_API_KEY"}, true, joined("-", of(std64, 90), of(std64, 44))},
	{"razorpay", "", []string{"RAZORPAY_KEY_SECRET"}, true, of(alnum, 24)},
	{"braintree", "access_token$production$", []string{"BRAINTREE_ACCESS_TOKEN"}, true, joined("$", of(lowers, 16), of(hexes, 32))},
	{"coinbase", "", []string{"COINBASE_API_SECRET"}, true, of(std64, 64)},
	{"asana", "2/", []string{"ASANA_ACCESS_TOKEN"}, true, joined(":", joined("/", of(numbers, 16), of(numbers, 16)), of(hexes, 32))},
	{"atlassian", "ATATT3xFfGF0", []string{"JIRA_API_TOKEN"}, false, of(urlSafe, 171)},
	{"clickup", "pk_", []string{"CLICKUP_TOKEN"}, false, joined("_", of(numbers, 8), of(uppers, 32))},
	{"figma", "figd_", []string{"FIGMA_TOKEN"}, false, of(urlSafe, 40)},
	{"miro", "eyJtaXJvLm9yaWdpbiI6ImV1MDEifQ_", []string{"MIRO_ACCESS_TOKEN"}, true, of(urlSafe, 27)},
	{"contentful", "CFPAT-", []string{"CONTENTFUL_MANAGEMENT_TOKEN"}, false, of(urlSafe, 43)},
	{"sanity", "sk", []string{"SANITY_TOKEN"}, false, of(alnum, 178)},
	{"algolia admin", "", []string{"ALGOLIA_ADMIN_API_KEY"}, true, of(hexes, 32)},
	{"mapbox", "sk.eyJ1", []string{"MAPBOX_SECRET_TOKEN"}, false, joined(".", of(alnum, 60), of(urlSafe, 22))},
	{"zendesk", "", []string{"ZENDESK_API_TOKEN"}, true, of(alnum, 40)},
	{"hubspot", "pat-na1-", []string{"HUBSPOT_ACCESS_TOKEN"}, false, uuid},
	{"typeform", "tfp_", []string{"TYPEFORM_TOKEN"}, false, joined("_", of(alnum, 44), of(alnum, 14))},
	{"dropbox", "sl.", []string{"DROPBOX_ACCESS_TOKEN"}, false, of(urlSafe, 130)},
	{"okta", "00", []string{"OKTA_API_TOKEN"}, true, of(urlSafe, 40)},
	{"auth0", "", []string{"AUTH0_CLIENT_SECRET"}, true, of(urlSafe, 64)},
	{"clerk", "sk_live_", []string{"CLERK_SECRET_KEY"}, false, of(alnum, 40)},
	{"workos", "sk_live_", []string{"WORKOS_API_KEY"}, false, of(std64, 60)},
	// watching
	{"grafana cloud", "glc_", []string{"GRAFANA_CLOUD_TOKEN"}, false, of(std64, 120)},
	{"new relic ingest", "", []string{"NEW_RELIC_LICENSE_KEY"}, false, joined("", of(hexes, 36), fixed("NRAL"))},
	{"new relic browser", "NRJS-", []string{"NEW_RELIC_BROWSER_KEY"}, false, of(hexes, 19)},
	{"datadog app", "", []string{"DD_APP_KEY", "DD-APPLICATION-KEY"}, true, of(hexes, 40)},
	{"sentry org", "sntrys_", []string{"SENTRY_AUTH_TOKEN"}, false, joined("_", of(std64, 120), of(std64, 43))},
	{"pagerduty", "u+", []string{"PAGERDUTY_TOKEN"}, true, of(urlSafe, 18)},
	{"honeycomb", "hcaik_", []string{"HONEYCOMB_API_KEY"}, false, of(lowers, 58)},
	{"splunk hec", "", []string{"SPLUNK_HEC_TOKEN"}, true, uuid},
	{"posthog personal", "phx_", []string{"POSTHOG_PERSONAL_API_KEY"}, false, of(alnum, 43)},
	{"opsgenie", "", []string{"OPSGENIE_API_KEY"}, true, uuid},
	{"dynatrace", "dt0c01.", []string{"DT_API_TOKEN"}, false, joined(".", of(base32, 24), of(base32, 64))},
	// of no service
	{"jwe", "", []string{"id_token"}, false, func(r *rand.Rand) string {
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM"}`))
		return head + ".." + draw(r, urlSafe, 16) + "." + draw(r, urlSafe, 120) + "." + draw(r, urlSafe, 22)
	}},
	{"paseto", "v4.local.", []string{"access_token"}, false, of(urlSafe, 120)},
	{"fernet", "", []string{"FERNET_KEY"}, true, func(r *rand.Rand) string { return draw(r, urlSafe, 43) + "=" }},
	{"hex key", "", []string{"ENCRYPTION_KEY", "JWT_SIGNING_KEY", "SESSION_SECRET"}, true, of(hexes, 64)},
	{"base64 key", "", []string{"APP_KEY", "NEXTAUTH_SECRET", "SECRET_KEY"}, true, padded(32)},
	{"totp seed", "", []string{"TOTP_SECRET", "otp_seed", "MFA_SECRET"}, true, of(base32, 32)},
	{"ulid token", "", []string{"SERVICE_TOKEN", "x-internal-token"}, true, of(crockers, 26)},
	{"uuid secret", "", []string{"client_secret", "WEBHOOK_SECRET"}, true, uuid},
	{"typed password", "", []string{"DB_PASSWORD", "smtp_password", "ADMIN_PASSWORD", "redis_password"}, true, typed},
	{"one word password", "", []string{"MYSQL_ROOT_PASSWORD", "password"}, true, func(r *rand.Rand) string { return words[r.IntN(len(words))] + words[r.IntN(len(words))] }},
	{"unknown vendor", "", []string{"ACME_API_KEY"}, false, func(r *rand.Rand) string { return draw(r, lowers[:26], 4) + "_" + draw(r, alnum, 36) }},
	{"unknown live key", "", []string{"ACME_TOKEN"}, false, func(r *rand.Rand) string { return draw(r, lowers[:26], 3) + "_live_" + draw(r, alnum, 32) }},
	{"unknown dashed", "", []string{"ACME_SECRET"}, false, func(r *rand.Rand) string { return draw(r, lowers[:26], 3) + "-" + draw(r, alnum, 40) }},
}

// notation is a way of writing a credential down. The second result is how the
// secret is spelled there.
type notation struct {
	name  string
	keyed bool // a name stands beside the value
	write func(r *rand.Rand, key, v string) (string, string)
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func inside(v string) string { q := quoted(v); return q[1 : len(q)-1] }

func as(format string) func(*rand.Rand, string, string) (string, string) {
	return func(_ *rand.Rand, key, v string) (string, string) {
		return strings.NewReplacer("KEY", key, "VALUE", v, "FLAG", strings.ReplaceAll(strings.ToLower(key), "_", "-"), "camel", camel(key)).Replace(format), v
	}
}

func camel(key string) string {
	parts := strings.FieldsFunc(strings.ToLower(key), func(c rune) bool { return c == '_' || c == '-' })
	for i := range parts[1:] {
		parts[i+1] = strings.ToUpper(parts[i+1][:1]) + parts[i+1][1:]
	}
	return strings.Join(parts, "")
}

var notations = []notation{
	{"env", true, as("PATH=/usr/bin\nKEY=VALUE\nHOME=/root")},
	{"dotenv", true, as("# local\nKEY='VALUE'\nDEBUG=1\n")},
	{"export", true, as(`$ export KEY="VALUE" && ./run`)},
	{"fish", true, as(`set -gx KEY "VALUE"`)},
	{"powershell", true, as(`$env:KEY = "VALUE"`)},
	{"yaml", true, as("service:\n  KEY: VALUE\n  replicas: 2")},
	{"yaml quoted", true, as("service:\n  KEY: \"VALUE\"\n  replicas: 2")},
	{"toml", true, as("[auth]\nKEY = \"VALUE\"\n")},
	{"ini", true, as("[auth]\nKEY = VALUE\nregion = eu\n")},
	{"dockerfile", true, as("FROM alpine\nENV KEY=VALUE\nRUN make")},
	{"compose", true, as("    environment:\n      - KEY=VALUE\n      - TZ=UTC")},
	{"hcl", true, as("provider \"x\" {\n  KEY = \"VALUE\"\n}")},
	{"python", true, as(`client = Client(KEY="VALUE", timeout=30)`)},
	{"python dict", true, as(`config = {'KEY': 'VALUE', 'debug': True}`)},
	{"javascript", true, as("const client = new Client({ camel: 'VALUE', retries: 3 });")},
	{"go", true, as("os.Setenv(\"KEY\", \"VALUE\")")},
	{"ruby", true, as(`ENV["KEY"] = "VALUE"`)},
	{"java properties", true, as("spring.KEY=VALUE\nserver.port=8080")},
	{"flag", true, as("+ agent --FLAG VALUE --out x.json")},
	{"flag =", true, as("+ agent --FLAG=VALUE --out x.json")},
	{"log", true, as(`2026-11-20T09:00:01Z level=info msg="started" KEY=VALUE dur=12ms`)},
	{"said", true, as("Set KEY to VALUE and start it again.")},
	{"is", true, as("The KEY is VALUE, keep it safe.")},
	{"xml", true, as(`<settings><add key="KEY" value="VALUE"/></settings>`)},
	{"table", true, as("| KEY | VALUE |\n|---|---|\n")},
	{"diff", true, as("@@ -1,2 +1,2 @@\n-KEY=\n+KEY=VALUE\n")},
	{"kubernetes", true, as("        - name: KEY\n          value: VALUE\n")},
	{"github actions", true, as("env:\n  KEY: VALUE\nsteps:\n  - run: make\n")},
	{"netrc like", true, as("machine api.example.com login bot password VALUE")},
	{"query", true, func(_ *rand.Rand, key, v string) (string, string) {
		q := url.QueryEscape(v)
		return "GET https://api.example.com/v1?" + strings.ToLower(key) + "=" + q + "&page=2", q
	}},
	{"header", true, func(_ *rand.Rand, key, v string) (string, string) {
		return "POST /v1 HTTP/1.1\r\nHost: api.example.com\r\nX-" + strings.ReplaceAll(key, "_", "-") + ": " + v + "\r\nAccept: */*\r\n", v
	}},
	{"json", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted(map[string]any{"model": "m", key: v, "n": 1}), inside(v)
	}},
	{"json camel", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted(map[string]any{camel(key): v, "n": 1}), inside(v)
	}},
	{"arguments", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted(map[string]any{"type": "tool_call", "arguments": quoted(map[string]any{key: v, "path": "/tmp"})}), inside(inside(v))
	}},
	{"three deep", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted(map[string]any{"payload": quoted(map[string]any{"body": quoted(map[string]any{key: v})})}), inside(inside(inside(v)))
	}},
	{"name and value", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted([]map[string]any{{"name": key, "value": v}}), inside(v)
	}},
	{"argv", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted([]string{"agent", "--" + strings.ReplaceAll(strings.ToLower(key), "_", "-"), v, "--fast"}), inside(v)
	}},
	{"command in json", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted(map[string]any{"command": "cd /app && " + key + "=" + v + " npm start"}), inside(v)
	}},
	{"output in json", true, func(_ *rand.Rand, key, v string) (string, string) {
		return quoted(map[string]any{"type": "tool_result", "content": "$ cat .env\nPORT=3000\n" + key + "=" + v + "\nTZ=UTC\n"}), inside(v)
	}},
	{"cut-off json", true, func(_ *rand.Rand, key, v string) (string, string) {
		return `{"arguments": "{\"` + key + `\": \"` + inside(v) + `\", \"pa`, inside(v)
	}},
	{"escapes", true, func(_ *rand.Rand, key, v string) (string, string) {
		e := strings.NewReplacer("-", `\u002d`, "_", `\u005f`, "=", `\u003d`, "+", `\u002b`, "/", `\/`).Replace(inside(v))
		return `{"` + key + `":"` + e + `"}`, e
	}},
	{"bare", false, as("VALUE")},
	{"prose", false, as("Use the key VALUE when you call it, and tell me when it works.")},
	{"error", false, as("401 Unauthorized: incorrect API key provided: VALUE. See the console.")},
	{"markdown", false, as("I found `VALUE` in `config.py`; it looks live.")},
	{"parentheses", false, as("the key (VALUE) was rotated")},
	{"comma", false, as("keys: VALUE, and one more")},
	{"chinese", false, as("密钥是VALUE。请不要分享")},
	{"colour", false, as("\x1b[33mVALUE\x1b[0m")},
	{"code", false, as(`api.connect("VALUE");`)},
	{"bearer", false, as("> Authorization: Bearer VALUE\n> Accept: */*")},
	{"curl", false, as("curl -s https://api.example.com -H 'Authorization: Bearer VALUE' | jq .")},
	{"git remote", false, as("origin https://oauth2:VALUE@git.example.com/a/b.git (fetch)")},
	{"json prose", false, func(_ *rand.Rand, _, v string) (string, string) {
		return quoted(map[string]any{"role": "user", "content": "here is my key: " + v + " thanks"}), inside(v)
	}},
}

// fits tells notations in which a value can stand as it is.
func (n notation) fits(v string) bool {
	switch n.name {
	case "escapes", "json", "json camel", "arguments", "three deep", "name and value", "argv", "query", "output in json":
		return true
	case "git remote":
		return !strings.ContainsAny(v, ":/@+= $%")
	case "bearer", "curl", "error", "netrc like":
		return !strings.ContainsAny(v, " $#%!*")
	}
	return !strings.ContainsAny(v, "'\"`\\ $#!%*&<>|")
}

// sample is a text of the corpus; without secrets it is one to leave alone.
type sample struct {
	kind, notation, text string
	secrets              []string
}

// positives draws texts with secrets: each kind in so many notations.
func positives(r *rand.Rand, each int) []sample {
	var all []sample
	for _, c := range credentials {
		for range each {
			v := c.prefix + c.body(r)
			n := notations[r.IntN(len(notations))]
			for c.keyed && !n.keyed || !n.fits(v) || n.name == "git remote" && c.keyed || n.name == "netrc like" && !strings.Contains(c.name, "password") {
				n = notations[r.IntN(len(notations))]
			}
			text, spelled := n.write(r, c.keys[r.IntN(len(c.keys))], v)
			secret := spelled[min(len(c.prefix), len(spelled)-4):]
			if n.name == "escapes" || n.name == "query" { // where the prefix ends is another place there
				secret = spelled[min(len(spelled)-4, 3*len(c.prefix)):]
			}
			all = append(all, sample{c.name, n.name, text, []string{secret}})
		}
	}
	return append(all, wholes(r, each)...)
}

// wholes draws texts that are more than a value in its place.
func wholes(r *rand.Rand, each int) []sample {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	armour := func(label string, lines int) (string, []string) {
		var l []string
		for range lines {
			l = append(l, draw(r, std64, 64))
		}
		return "-----BEGIN " + label + "-----\n" + strings.Join(l, "\n") + "\n-----END " + label + "-----", l
	}
	var all []sample
	add := func(kind, text string, secrets ...string) { all = append(all, sample{kind, "whole", text, secrets}) }
	for range each {
		pw := draw(r, alnum, 18)
		for scheme, port := range map[string]int{"mongodb+srv": 27017, "redis": 6379, "rediss": 6380, "amqp": 5672, "mysql": 3306, "smtp": 587, "ftp": 21, "clickhouse": 9000, "nats": 4222, "ldap": 389} {
			add(scheme+" address", fmt.Sprintf("connect %s://app:%s@db.internal:%d/main?retry=true", scheme, pw, port), pw)
		}
		add("redis without user", "REDIS_URL=redis://:"+pw+"@cache:6379/0", pw)
		add("jdbc", "jdbc:postgresql://db:5432/app?user=app&password="+pw+"&ssl=true", pw)
		add("jdbc oracle", "jdbc:oracle:thin:app/"+pw+"@//db:1521/XE", pw)
		add("jdbc sqlserver", "jdbc:sqlserver://db:1433;databaseName=app;user=sa;password="+pw+";encrypt=true", pw)
		add("odbc", "Driver={ODBC Driver 18};Server=db;UID=sa;PWD="+pw+";Encrypt=yes", pw)
		add("libpq", "host=db port=5432 user=app password="+pw+" dbname=app sslmode=require", pw)
		add("go dsn", "app:"+pw+"@tcp(db:3306)/app?parseTime=true", pw)
		key := padded(64)(r)
		add("azure storage", "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey="+key+";EndpointSuffix=core.windows.net", key)
		add("azure service bus", "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey="+padded(32)(r)[:43]+"=", "SharedAccessKey="+"never")
		sig := url.QueryEscape(padded(32)(r))
		add("azure sas", "https://acme.blob.core.windows.net/c/b?sv=2024-11-04&ss=b&srt=sco&sp=rl&se=2027-01-01T00:00:00Z&sig="+sig, sig)
		sig = draw(r, hexes, 64)
		add("aws presigned", "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature="+sig, sig)
		secret := draw(r, std64, 40)
		add("aws credentials file", "[default]\naws_access_key_id = AKIA"+draw(r, base32, 16)+"\naws_secret_access_key = "+secret+"\n", secret)
		add("aws sts", quoted(map[string]any{"Credentials": map[string]string{"AccessKeyId": "ASIA" + draw(r, base32, 16), "SecretAccessKey": secret, "SessionToken": "FwoGZXIvYXdzE" + draw(r, std64, 200)}}), inside(secret))
		add("twilio pair", "account_sid = AC"+draw(r, hexes, 32)+"\nauth_token = "+sig[:32]+"\n", sig[:32])
		pem, lines := armour("PRIVATE"+" KEY", 26)
		add("service account", quoted(map[string]string{"type": "service_account", "project_id": "acme", "private_key_id": draw(r, hexes, 40), "private_key": pem + "\n", "client_email": "a@acme.iam"}), lines...)
		for _, label := range []string{"OPENSSH PRIVATE" + " KEY", "EC PRIVATE" + " KEY", "DSA PRIVATE" + " KEY", "ENCRYPTED PRIVATE" + " KEY"} {
			pem, lines = armour(label, 8)
			add(label, "$ cat key\n"+pem+"\n$", lines...)
		}
		var gpg []string
		for range 10 {
			gpg = append(gpg, draw(r, std64, 64))
		}
		add("pgp", "-----BEGIN PGP PRIVATE"+" KEY BLOCK-----\nVersion: GnuPG v2\n\n"+strings.Join(gpg, "\n")+"\n="+draw(r, std64, 4)+"\n-----END PGP PRIVATE"+" KEY BLOCK-----", gpg...)
		add("putty", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: k\nPublic-Lines: 2\n"+draw(r, std64, 64)+"\n"+draw(r, std64, 32)+"\nPrivate-Lines: 1\n"+gpg[0][:48]+"\nPrivate-MAC: "+draw(r, hexes, 64)+"\n", gpg[0][:48])
		add("wireguard", "[Interface]\nPrivateKey = "+padded(32)(r)+"\nAddress = 10.0.0.2/32\n", "never in a text")
		add("age", "# created: 2026-11-20\nAGE-SECRET-KEY-1"+draw(r, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)+"\n", "also never")
		seed := draw(r, base32, 32)
		add("otpauth", "otpauth://totp/Acme:ada@example.com?secret="+seed+"&issuer=Acme&digits=6", seed)
		words12 := phraseOf(r)
		add("mnemonic", quoted(map[string]string{"wallet": "main", "mnemonic": words12}), words12)
		add("seed phrase", "seed_phrase = \""+words12+"\"\n", words12)
		basic := b64("deploy:" + pw)
		add("basic auth", "curl -H 'Authorization: Basic "+basic+"' https://api.example.com", basic)
		add("docker config", quoted(map[string]any{"auths": map[string]any{"ghcr.io": map[string]string{"auth": basic}}}), basic)
		add("npmrc", "//registry.example.com/:_authToken="+uuid(r)+"\n//registry.example.com/:_password="+b64(pw)+"\n", b64(pw))
		add("pip", "pip install --index-url https://bot:"+pw+"@pypi.example.com/simple acme", pw)
		add("curl user", "curl -u 'deploy:"+pw+"' https://api.example.com/v1", pw)
		add("wget", "wget --user=deploy --password="+pw+" https://example.com/f", pw)
		add("sshpass", "sshpass -p '"+pw+"' ssh root@host", pw)
		add("mysql", "mysqldump -u root -p"+pw+" app > dump.sql", pw)
		add("psql", "PGPASSWORD="+pw+" psql -h db -U app", pw)
		add("redis-cli", "redis-cli -h cache -a "+pw+" ping", pw)
		add("docker login", "docker login -u bot -p "+pw+" ghcr.io", pw)
		add("htpasswd", "htpasswd -bc .htpasswd ada "+pw, pw)
		add("openssl", "openssl enc -aes-256-cbc -pass pass:"+pw+" -in f", pw)
		add("sql", "ALTER USER app WITH PASSWORD '"+pw+"';", pw)
		add("mysql grant", "CREATE USER 'app'@'%' IDENTIFIED BY '"+pw+"';", pw)
		add("teams webhook", "https://acme.webhook.office.com/webhookb2/"+uuid(r)+"@"+uuid(r)+"/IncomingWebhook/"+sig[:32]+"/"+uuid(r), sig[:32])
		add("discord webhook", "https://discord.com/api/webhooks/"+draw(r, numbers, 19)+"/"+draw(r, urlSafe, 68), "not here")
		add("slack webhook", "https://hooks.slack.com/services/T"+draw(r, uppers, 8)+"/B"+draw(r, uppers, 10)+"/"+pw+"aB3dE9", pw)
		add("zapier", "POST https://hooks.zapier.com/hooks/catch/1234567/"+draw(r, lowers, 7)+pw+"/", pw)
		add("cookies", "Cookie: theme=dark; session="+draw(r, urlSafe, 32)+"."+sig[:40]+"; lang=en", sig[:40])
		add("set-cookie", "Set-Cookie: connect.sid=s%3A"+pw+"abcdEF12."+draw(r, alnum, 43)+"; Path=/; HttpOnly", pw)
		add("kubeconfig", "users:\n- name: admin\n  user:\n    client-key-data: "+key+"\n    token: "+draw(r, alnum, 40)+"\n", key)
		add("kubernetes secret", "apiVersion: v1\nkind: Secret\ndata:\n  password: "+b64(pw)+"\n", b64(pw))
		add("hex of a key", "private_key=0x"+sig, sig)
		add("sentry dsn", "SENTRY_DSN=https://"+sig[:32]+"@o1.ingest.sentry.io/2", sig[:32])
		add("digest", `Authorization: Digest username="ada", realm="r", nonce="`+sig[:32]+`", response="`+sig[32:]+`"`, sig[32:])
		add("aws signature", "Authorization: AWS4-HMAC-SHA256 Credential=AKIA"+draw(r, base32, 16)+"/20261120/eu/s3/aws4_request, SignedHeaders=host, Signature="+sig, sig)
		add("form part", "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n"+pw+"\r\n--b--", pw)
		add("vault write", "vault kv put secret/db password="+pw+" user=app", pw)
		add("aws configure", "aws configure set aws_secret_access_key "+secret, secret)
		add("gh secret", "gh secret set API_TOKEN --body "+pw+"x9Y8", pw)
		add("kubectl literal", "kubectl create secret generic db --from-literal=password="+pw, pw)
		add("ansible", "ansible_become_pass: "+pw+"\nansible_user: root\n", pw)
		add("snmp", "snmpwalk -v3 -u ada -A "+pw+" -X "+pw+" host", "not asked for")
		add("python requests", `requests.get(url, auth=("ada", "`+pw+`"))`, pw)
		add("hex in base64", "config: "+b64(quoted(map[string]string{"api_key": pw + "a1B2c3"})), "config never")
	}
	kept := all[:0]
	for _, s := range all {
		if strings.Contains(s.text, s.secrets[0]) {
			kept = append(kept, s)
		}
	}
	return kept
}

// negatives draws what traces are full of and is no secret.
func negatives(r *rand.Rand, each int) []sample {
	id := func(prefix string, set string, n int) string { return prefix + draw(r, set, n) }
	sri := func() string { return "sha512-" + padded(64)(r) }
	var all []sample
	for range each {
		for kind, text := range map[string]string{
			"openai ids":       quoted(map[string]string{"id": id("chatcmpl-", alnum, 29), "call_id": id("call_", alnum, 24), "item": id("rs_", hexes, 48), "previous_response_id": id("resp_", hexes, 48)}),
			"anthropic ids":    quoted(map[string]any{"id": id("msg_01", alnum, 22), "content": []any{map[string]string{"type": "tool_use", "id": id("toolu_01", alnum, 22)}}, "request_id": id("req_011C", alnum, 20)}),
			"ids in prose":     "see " + id("toolu_01", alnum, 22) + " and " + id("call_", alnum, 24) + " of run " + uuid(r),
			"thread ids":       "thread_" + draw(r, alnum, 24) + " run_" + draw(r, alnum, 24) + " asst_" + draw(r, alnum, 24) + " file-" + draw(r, alnum, 22),
			"batch ids":        "batch_" + draw(r, hexes, 32) + " msgbatch_01" + draw(r, alnum, 22),
			"stripe ids":       "cus_" + draw(r, alnum, 14) + " pi_" + draw(r, alnum, 24) + " price_" + draw(r, alnum, 24) + " evt_" + draw(r, alnum, 24),
			"ulid":             quoted(map[string]string{"id": draw(r, crockers, 26), "session": draw(r, crockers, 26)}) + " " + draw(r, crockers, 26),
			"ksuid":            "event " + draw(r, alnum, 27) + " stored",
			"nanoid":           "room " + draw(r, urlSafe, 21) + " opened",
			"cuid":             "c" + draw(r, lowers, 24) + " saved",
			"objectid":         `{"_id": {"$oid": "` + draw(r, hexes, 24) + `"}}`,
			"uuid":             "session " + uuid(r) + " continues " + uuid(r),
			"git log":          "commit " + draw(r, hexes, 40) + "\nMerge: " + draw(r, hexes, 7) + " " + draw(r, hexes, 7) + "\nAuthor: Ada <ada@example.com>\n\n    auth: rotate the token key",
			"git push":         "   " + draw(r, hexes, 8) + ".." + draw(r, hexes, 8) + "  main -> main",
			"git tree":         "100644 blob " + draw(r, hexes, 40) + "\tsecret/token.go\n040000 tree " + draw(r, hexes, 40) + "\tkeys",
			"go.sum":           "golang.org/x/crypto v0.31.0 h1:" + padded(32)(r) + "\ngolang.org/x/crypto v0.31.0/go.mod h1:" + padded(32)(r),
			"package-lock":     `    "node_modules/jsonwebtoken": {"version": "9.0.2", "resolved": "https://registry.example.org/jsonwebtoken/-/jsonwebtoken-9.0.2.tgz", "integrity": "` + sri() + `"}`,
			"pnpm lock":        "  /passport-local@1.0.0:\n    resolution: {integrity: " + sri() + "}\n    dev: false",
			"yarn lock":        "cookie-signature@1.0.6:\n  version \"1.0.6\"\n  resolved \"https://registry.example.org/cookie-signature-1.0.6.tgz#" + draw(r, hexes, 40) + "\"\n  integrity " + sri(),
			"cargo lock":       "name = \"secrecy\"\nversion = \"0.8.0\"\nchecksum = \"" + draw(r, hexes, 64) + "\"",
			"poetry lock":      `    {file = "keyring-24.3.0-py3-none-any.whl", hash = "sha256:` + draw(r, hexes, 64) + `"},`,
			"pip hashes":       "cryptography==41.0.7 \\\n    --hash=sha256:" + draw(r, hexes, 64),
			"nix":              "sha256 = \"sha256-" + padded(32)(r) + "\";\n/nix/store/" + draw(r, lowers, 32) + "-openssl-3.0.12",
			"docker":           "Digest: sha256:" + draw(r, hexes, 64) + "\nStatus: Downloaded newer image\n" + draw(r, hexes, 12) + ": Pull complete",
			"container":        "CONTAINER ID   IMAGE\n" + draw(r, hexes, 12) + "   redis:7\ncontainer " + draw(r, hexes, 64) + " exited",
			"etag":             "ETag: \"" + draw(r, hexes, 32) + "\"\nX-Amz-Request-Id: " + draw(r, uppers, 16) + "\nx-amz-id-2: " + padded(56)(r),
			"cf ray":           "cf-ray: " + draw(r, hexes, 16) + "-FRA\nx-request-id: " + uuid(r) + "\nx-vercel-id: fra1::" + draw(r, lowers, 5) + "-1732099200000-" + draw(r, hexes, 12),
			"trace parent":     "traceparent: 00-" + draw(r, hexes, 32) + "-" + draw(r, hexes, 16) + "-01\nb3: " + draw(r, hexes, 32) + "-" + draw(r, hexes, 16) + "-1",
			"span":             quoted(map[string]string{"traceId": draw(r, hexes, 32), "spanId": draw(r, hexes, 16), "parentSpanId": draw(r, hexes, 16)}),
			"thinking":         quoted(map[string]string{"type": "thinking", "thinking": "First the token, then the key.", "signature": "Er" + draw(r, std64, 400) + "=="}),
			"redacted thought": quoted(map[string]string{"type": "redacted_thinking", "data": "Em" + draw(r, std64, 400)}),
			"reasoning":        quoted(map[string]string{"type": "reasoning", "encrypted_content": "gAAAAAB" + draw(r, urlSafe, 600)}),
			"gemini thought":   quoted(map[string]string{"thoughtSignature": draw(r, std64, 300)}),
			"image":            quoted(map[string]any{"type": "image", "source": map[string]string{"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo" + draw(r, std64, 800)}}),
			"data uri":         "![shot](data:image/jpeg;base64,/9j/4AAQ" + draw(r, std64, 500) + ")",
			"base64 of prose":  base64.StdEncoding.EncodeToString([]byte("the quick fox reads the password policy and writes " + words[r.IntN(len(words))])),
			"embedding":        fmt.Sprintf(`{"embedding": [%.8f, %.8f, %.8f]}`, r.Float64(), -r.Float64(), r.Float64()),
			"packed embedding": quoted(map[string]string{"object": "embedding", "embedding": padded(600)(r)}),
			"minified":         "!function(e,t){\"object\"==typeof exports?module.exports=t():e.token=t()}(this,(function(){var n=" + draw(r, numbers, 3) + ";return function(e){return e.key||e.password||n}}));",
			"webpack":          "main." + draw(r, hexes, 20) + ".js  chunk-" + draw(r, urlSafe, 8) + ".js  assets/index-" + draw(r, urlSafe, 8) + ".css",
			"source map":       `{"version":3,"mappings":"AAAA,SAASA,` + draw(r, letters, 4) + `;AACA,IAAIC,CAAC"}`,
			"java stack":       "at com.acme.auth.TokenProvider$1.refreshAccessToken(TokenProvider.java:" + draw(r, numbers, 3) + ")\n\tat org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager.authorize(OAuth2AuthorizedClientManager.java:92)",
			"python stack":     "  File \"/usr/lib/python3.12/site-packages/jwt/api_jwt.py\", line 102, in encode\n    raise TypeError(\"Expecting a string for password\")\nKeyError: 'API_KEY'",
			"go stack":         "goroutine 1 [running]:\nmain.(*Client).token(0xc000" + draw(r, hexes, 6) + ", {0x" + draw(r, hexes, 6) + ", 0x12})\n\t/src/auth/token.go:41 +0x1d4",
			"rust symbol":      "_ZN4core3ptr" + draw(r, numbers, 2) + "drop_in_place$LT$secrecy..SecretString$GT$17h" + draw(r, hexes, 16) + "E",
			"code getenv":      "const secret = process.env.JWT_SECRET; const pass = config.get('db.password'); password = input(\"Password: \")",
			"code types":       "type Credentials struct {\n\tPassword string `json:\"password\"`\n\tAPIKey   string `env:\"API_KEY,required\"`\n}",
			"code compare":     "if token != expectedToken { return ErrInvalidToken }; password_hash = bcrypt.hashpw(password.encode(), bcrypt.gensalt())",
			"code fixture":     "func TestPassword(t *testing.T) { got := hash(password); if got == \"\" { t.Fatal(\"empty token\") } }",
			"typescript":       "interface Props { accessToken?: string; refreshToken: string | null; apiKey: ApiKey; onTokenChange: (token: Token) => void }",
			"sql schema":       "CREATE TABLE users (id uuid PRIMARY KEY, password_hash varchar(255) NOT NULL, api_key_id bigint, token_version int DEFAULT 0, UNIQUE KEY idx_token (token));",
			"graphql":          "mutation Login($password: String!) { login(password: $password) { accessToken expiresAt } }",
			"openapi":          "components:\n  securitySchemes:\n    ApiKeyAuth:\n      type: apiKey\n      in: header\n      name: X-API-Key\n    BearerAuth: {type: http, scheme: bearer, bearerFormat: JWT}",
			"json schema":      `{"properties": {"password": {"type": "string", "minLength": 12}, "api_key": {"type": "string", "description": "Key for the API"}}, "required": ["password", "api_key"]}`,
			"env example":      "API_KEY=\nSECRET_KEY=changeme\nDB_PASSWORD=<password>\nTOKEN=your-token-here\nOPENAI_API_KEY=sk-...\nSTRIPE_KEY=sk_test_xxxxxxxxxxxxxxxxxxxx",
			"actions":          "env:\n  TOKEN: ${{ secrets.GITHUB_TOKEN }}\n  KEY: ${API_KEY}\n  PASSWORD: $DB_PASSWORD\n  OTHER: {{ .Values.secret }}",
			"terraform ref":    "password = var.db_password\nsecret = data.aws_secretsmanager_secret_version.db.secret_string\napi_key = random_password.key.result",
			"k8s ref":          "valueFrom:\n  secretKeyRef:\n    name: postgres-credentials\n    key: password\nimagePullSecrets:\n- name: registry-secret",
			"k8s names":        "pod/api-token-rotator-" + draw(r, lowers, 10) + "-" + draw(r, lowers, 5) + "   1/1   Running\nsecret/default-token-" + draw(r, lowers, 5) + "   kubernetes.io/service-account-token   3",
			"prose":            "The password policy says that a token must be rotated every 90 days; the secret is kept in the vault and the key never leaves it.",
			"questions":        "Where is the API key stored? Which password does the admin use? Is the bearer token still valid?",
			"advice":           "Never commit secrets: keep your api key in an environment variable and pass the token: it is read at startup.",
			"usage":            quoted(map[string]any{"input_tokens": r.IntN(99999), "output_tokens": r.IntN(9999), "cache_read_input_tokens": r.IntN(99999), "max_tokens": 4096, "stop_token": "</s>", "token_type": "Bearer"}),
			"pagination":       quoted(map[string]string{"next_page_token": draw(r, urlSafe, 40), "cursor": draw(r, std64, 32), "nextToken": draw(r, std64, 48)}),
			"paths":            "/home/ada/.ssh/id_ed25519 /etc/ssl/private/server.key ~/.config/gh/hosts.yml /var/lib/secrets/token.json C:\\Users\\ada\\AppData\\Local\\keys",
			"tmp":              "wrote /tmp/" + draw(r, alnum, 12) + "/output.json and /var/folders/zz/" + draw(r, lowers, 30) + "/T/tmp" + draw(r, lowers, 8),
			"public key":       "ssh-rsa AAAAB3NzaC1yc2E" + draw(r, std64, 300) + " ada@laptop\nSHA256:" + draw(r, std64, 43),
			"certificate":      "-----BEGIN CERTIFICATE-----\n" + draw(r, std64, 64) + "\n" + draw(r, std64, 64) + "\n-----END CERTIFICATE-----",
			"fingerprint":      "SHA256 Fingerprint=" + strings.ToUpper(strings.Join(strings.Split(hex.EncodeToString([]byte(draw(r, alnum, 16))), "")[:32], ":")),
			"jwk public":       quoted(map[string]string{"kty": "RSA", "kid": draw(r, urlSafe, 22), "use": "sig", "e": "AQAB"}),
			"arn":              "arn:aws:secretsmanager:eu-west-1:" + draw(r, numbers, 12) + ":secret:prod/db-" + draw(r, letters, 6) + " arn:aws:kms:eu-west-1:" + draw(r, numbers, 12) + ":key/" + uuid(r),
			"aws ids":          "i-0" + draw(r, hexes, 16) + " vpc-0" + draw(r, hexes, 16) + " ami-0" + draw(r, hexes, 16) + " eni-" + draw(r, hexes, 17),
			"youtube":          "https://www.youtube.com/watch?v=" + draw(r, urlSafe, 11) + " https://docs.google.com/document/d/1" + draw(r, urlSafe, 43) + "/edit",
			"figma":            "https://www.figma.com/file/" + draw(r, alnum, 22) + "/Login?node-id=1-2",
			"ethereum":         "address 0x" + draw(r, hexes, 40) + " tx 0x" + draw(r, hexes, 64),
			"hexdump":          "00000010  " + draw(r, hexes, 2) + " " + draw(r, hexes, 2) + " " + draw(r, hexes, 2) + "  |token...|",
			"test ids":         "data-testid=\"password-input-" + draw(r, lowers, 6) + "\" aria-labelledby=\"radix-:r" + draw(r, lowers, 2) + ":\"",
			"css modules":      ".passwordField_" + draw(r, alnum, 5) + " .css-" + draw(r, lowers, 7) + " .Button_primary__" + draw(r, alnum, 5),
			"versions":         "openssl 3.0.13-0ubuntu3." + draw(r, numbers, 2) + " token-types@6.0.0 keytar@7.9.0 passport-jwt@4.0.1+sha." + draw(r, hexes, 8),
			"timestamps":       "exp=1763629200 iat=1763625600 nonce_age=" + draw(r, numbers, 6) + " 2026-11-20T09:00:01." + draw(r, numbers, 9) + "Z",
			"mac and ip":       "02:42:ac:11:00:02 fe80::42:acff:fe11:2 10.0.0." + draw(r, "123456789", 1),
			"diff hashes":      "diff --git a/secrets.go b/secrets.go\nindex " + draw(r, hexes, 10) + ".." + draw(r, hexes, 10) + " 100644\n-\ttoken := newToken()\n+\ttoken := issueToken(ctx)",
			"jq":               "jq -r '.token' creds.json | base64 -d; grep -rn 'api_key' src/; rg 'password|secret' --type go",
			"agent ids":        quoted(map[string]string{"agentId": draw(r, hexes, 8), "leafUuid": uuid(r), "promptId": uuid(r), "sourceToolUseID": id("toolu_01", alnum, 22), "tool_use_id": id("tooluse_", urlSafe, 22)}),
			"bedrock ids":      "tooluse_" + draw(r, urlSafe, 22) + " msg_bdrk_01" + draw(r, alnum, 22),
			"codex":            quoted(map[string]string{"call_id": id("call_", alnum, 24), "turn_id": uuid(r), "id": id("fc_0", hexes, 49), "item_id": id("msg_0", hexes, 49)}),
			"opencode":         id("ses_", alnum, 26) + " " + id("msg_", alnum, 26) + " " + id("prt_", alnum, 26),
			"sessions":         "session=" + draw(r, hexes, 16) + " sid:" + draw(r, numbers, 8) + " run-id=" + draw(r, hexes, 32),
			"vega":             "eval(function(p,a,c,k,e,d){return p}('0 1=2;',3,3,'var|password|null'.split('|'),0,{}))",
			"license":          "SPDX-License-Identifier: Apache-2.0 // key: value; token: identifier; secret: unused",
			"mangled":          "NSStringFromClass_" + draw(r, letters, 6) + " kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly kSecClassGenericPassword",
		} {
			if r.IntN(3) == 0 {
				text = quoted(map[string]string{"type": "tool_result", "content": text})
			}
			all = append(all, sample{kind: kind, text: text})
		}
	}
	return all
}

func caught(s sample, out string) bool {
	for _, secret := range s.secrets {
		if survives(out, secret) {
			return false
		}
	}
	return true
}

// TestHeldOut measures what the rules make of credentials that they were not
// made for. What it tells has a line in docs/redaction.md.
func TestHeldOut(t *testing.T) {
	t.Parallel()
	red := secrets(t)
	seeds := []uint64{3, 1977, 20270101}
	total, missed, streamed, spoiled, harmless := 0, 0, 0, 0, 0
	misses, wrong := map[string]int{}, map[string]int{}
	for _, seed := range seeds {
		r := rand.New(rand.NewPCG(seed, seed))
		for _, s := range positives(r, 6) {
			total++
			out, _ := red.Text(s.text)
			if !caught(s, out) {
				missed++
				misses[s.kind+" in "+s.notation]++
				t.Logf("missed %s in %s: %q gave %q", s.kind, s.notation, s.text, out)
			}
			if json.Valid([]byte(s.text)) && !json.Valid([]byte(out)) {
				t.Errorf("%s in %s: %q is broken: %q", s.kind, s.notation, s.text, out)
			}
			if again, n := red.Text(out); n != 0 {
				t.Errorf("%s in %s: not idempotent: %q, then %q", s.kind, s.notation, out, again)
			}
			if s.notation == "escapes" || s.notation == "three deep" || strings.HasPrefix(s.text, "{") || strings.HasPrefix(s.text, "[") {
				continue // a stream knows texts, not documents
			}
			st := red.Stream()
			var pieces strings.Builder
			text := "The log so far. " + s.text
			for text != "" {
				n := min(len(text), 2+r.IntN(7))
				pieces.WriteString(st.Write(text[:n]))
				text = text[n:]
			}
			pieces.WriteString(st.Close())
			if !caught(s, pieces.String()) && caught(s, out) {
				streamed++
				t.Logf("missed in a stream: %s in %s: %q", s.kind, s.notation, s.text)
			}
		}
		for _, s := range negatives(r, 8) {
			harmless++
			if out, n := red.Text(s.text); n != 0 {
				spoiled++
				wrong[s.kind]++
				t.Logf("wrong %s: %q gave %q", s.kind, s.text, out)
			}
		}
	}
	t.Logf("%d kinds, %d notations: recall %.2f %% of %d; missed in streams only %d; wrong %.2f %% of %d",
		len(credentials), len(notations), 100-100*float64(missed)/float64(total), total, streamed, 100*float64(spoiled)/float64(harmless), harmless)
	if missed*100 > total*5 || streamed*100 > total*2 {
		t.Errorf("recall below 95 %%, or 98 %% of a stream: %v", misses)
	}
	if spoiled*100 > harmless {
		t.Errorf("more than 1 %% wrong: %v", wrong)
	}
}
