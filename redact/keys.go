package redact

import (
	"strings"
	"sync"
)

// secrecy says what a key name promises about its value.
type secrecy uint8

const (
	plain      secrecy = iota
	password           // anything may follow, also a word
	secret             // a machine-made credential
	weakSecret         // perhaps one: only what looks random counts
	authHeader         // "scheme credential" or a credential
	cookieJar          // name=value; name=value
	phrase             // words that are the secret
)

// keyKind is the secrecy of a key and the kind to write in the marker.
type keyKind struct {
	is   secrecy
	kind string
}

// environments are endings of key names that say where, not what.
var environments = [...]string{"_prod", "_production", "_dev", "_staging", "_stage", "_live", "_test", "_old", "_new", "_value", "_base64", "_b64", "_plain", "_primary", "_secondary", "_backup"}

// keyOf classifies a key name. It looks at the end, for that is where English
// puts the thing: api_token is a token, token_count a count.
func keyOf(w string) keyKind {
	if len(w) < 2 {
		return keyKind{}
	}
	for len(w) > 2 && (is(w[len(w)-1], cDigit) || w[len(w)-1] == '_' || w[len(w)-1] == '-') {
		w = w[:len(w)-1]
	}
	compound := strings.IndexByte(w, '_') > 0
	if compound && placeEnds.has(w) {
		w = withoutPlace(w)
	}
	telling := tellingEnd(w)
	if !telling && (len(w) < 10 || !compound && simple(w)) { // most words end here
		return keyKind{}
	}
	w = w[max(0, len(w)-longestName):]
	if !telling && !jointEnd(w) {
		return inner(w)
	}
	row := names().find(w)
	if row == len(keyNames) || keyNames[row].in {
		return inner(w)
	}
	k := keyNames[row].keyKind
	switch k {
	case keyKind{secret, "token"}:
		if name, ok := strings.CutSuffix(flatten(w), "token"); ok && notSecret(name) {
			return keyKind{}
		}
	case keyKind{weakSecret, "key"}:
		if notKey(strings.TrimSuffix(flatten(w), "key")) {
			return keyKind{}
		}
	}
	return k
}

// withoutPlace cuts the environment off a name.
func withoutPlace(w string) string {
	for _, e := range environments {
		if len(w) > len(e)+2 && equalFold(w[len(w)-len(e):], e) {
			return w[:len(w)-len(e)]
		}
	}
	return w
}

// longestName is how much of a name is looked at, from its end.
const longestName = 48

// joins reports whether a byte stands between the words of a name and means
// nothing.
func joins(b byte) bool { return joining[b] }

var joining = [256]bool{'_': true, '-': true, ' ': true}

// flatten spells a name in lower case without what joins its words.
func flatten(w string) string {
	var flat [longestName]byte
	n := 0
	for i := 0; i < len(w); i++ {
		if !joins(w[i]) {
			flat[n] = lower(w[i])
			n++
		}
	}
	return string(flat[:n])
}

// begins reports whether a word of the name begins at i.
func begins(w string, i int) bool {
	if i == 0 || joins(w[i-1]) {
		return true
	}
	return isUpper(w[i]) && (isLower(w[i-1]) || i+1 < len(w) && isLower(w[i+1]))
}

// endings are how names end, by three letters.
type endings [1 << 15 / 64]uint64

// tellingEnds are the endings of the names that classify knows, placeEnds those of
// environments.
var (
	tellingEnds = endingsOf(strings.Fields("ord swd ort ode pwd ass ena sse ase nic rds ion der uth rer kie ies key eys yid ata psk ret ets lue tid eed ial als eds red jwt pat ens otp sas ken ash ier ook ing str")...)
	placeEnds   = endingsOf(environments[:]...)
)

func endingsOf(names ...string) (e endings) {
	for _, name := range names {
		k := end3(name)
		e[k/64] |= 1 << (k % 64)
	}
	return e
}

// has reports whether a name may have one of the endings.
func (e *endings) has(w string) bool {
	if len(w) < 3 {
		return false
	}
	k := end3(w)
	return e[k/64]&(1<<(k%64)) != 0
}

// end3 numbers the last three letters of a name. Other bytes share the numbers of letters,
// which costs a closer look and no more.
func end3(w string) uint {
	n := len(w)
	return uint(w[n-3]&31)<<10 | uint(w[n-2]&31)<<5 | uint(w[n-1]&31)
}

// tellingEnd reports whether a name ends like one that classify knows. It is
// asked of every word, so it looks at three letters only.
func tellingEnd(w string) bool {
	n := len(w)
	if w[n-1]|0x20 == 'w' && w[n-2]|0x20 == 'p' {
		return true
	}
	if n > 3 && (w[n-3] == '_' || w[n-3] == '-') && w[n-2]|0x20 == 'i' { // secret_id, api_key_id
		return w[n-1]|0x20 == 'd' && (w[n-4]|0x20 == 't' || w[n-4]|0x20 == 'y')
	}
	return tellingEnds.has(w)
}

// jointEnd reports whether something that joins words is among the last three bytes of a
// name, so that tellingEnd does not see its end as it is meant: db_pass_wd. Those that end
// in _id it knows.
func jointEnd(w string) bool {
	n := len(w)
	if n < 3 || joins(w[n-1]) || joins(w[n-2]) {
		return n >= 3
	}
	return joins(w[n-3]) && (w[n-3] == ' ' || w[n-2]|0x20 != 'i' || w[n-1]|0x20 != 'd')
}

// simple reports whether w is one lower-case word.
func simple(w string) bool {
	for i := 1; i < len(w); i++ {
		if !isLower(w[i]) {
			return false
		}
	}
	return true
}

// keyNames are the names of secrets, without _ and -. The first row that holds
// a name counts.
var keyNames = [...]struct {
	keyKind
	in     bool   // not by its end: it may still speak of a secret before its last word
	ends   string // names end so
	words  string // or have this as their last word
	wholes string // or are this
}{
	{in: true, ends: "publickeydata", wholes: "oldpwd verifier"},
	{keyKind: keyKind{password, "password"}, words: "pass pw", wholes: "contrasena",
		ends: "password passwd passwort passcode pwd dbpass userpass sshpass storepass keypass mypass smtppass bindpw motdepasse adminpass rootpass"},
	{keyKind: keyKind{phrase, "passphrase"}, ends: "passphrase mnemonic seedphrase recoveryphrase seedwords"},
	{keyKind: keyKind{authHeader, "authorization"}, ends: "proxyauthorization authorizationheader authheader", words: "auth", wholes: "authorization xauth bearer"},
	{keyKind: keyKind{cookieJar, "cookie"}, ends: "cookieheader sessioncookie authcookie", wholes: "cookie setcookie cookies"},
	{keyKind: keyKind{secret, "api-key"}, ends: "apikey apikeys apikeyid subscriptionkey ocpapimsubscriptionkey functionskey"},
	{keyKind: keyKind{secret, "key"}, words: "psk",
		ends: "accesskey accesskeyid secretkey secretaccesskey accountkey authkey privatekey privkey signingkey encryptionkey masterkey sharedkey servicekey storagekey keydata " +
			"consumerkey deploykey sshkey rolekey anonkey appkey applicationkey webhookkey presharedkey licensekey licencekey adminkey rootkey clientkey hmackey aeskey " +
			"cipherkey decryptionkey jwtkey securitykey unsealkey recoverykey backupkey"},
	{keyKind: keyKind{secret, "secret"}, ends: "secret secrets secretvalue secretbase secretid totpsecret otpseed"},
	{keyKind: keyKind{secret, "credential"}, words: "credential credentials creds cred"},
	{keyKind: keyKind{secret, "token"}, ends: "token", words: "jwt pat otp sas", wholes: "accesstokens apitokens"},
	{ends: "publickey publickeys"},
	{keyKind: keyKind{weakSecret, "key"}, words: "key"},
	{keyKind: keyKind{weakSecret, "secret"}, words: "tokens", ends: "passwordhash passwdhash pwhash accesscode authcode verifier webhook connectionstring connstr"},
}

// tails finds the row of a name from its last letter to its first, however
// many rows there are: this is asked of every tenth word. Node 0 is the root;
// the children of a node are a list.
type tails []struct {
	b                byte
	child, next      uint16
	end, word, whole uint8 // the first row that holds what was read so far
}

var names = sync.OnceValue(func() tails {
	const none = uint8(len(keyNames))
	t := make(tails, 1, 1024)
	t[0].end, t[0].word, t[0].whole = none, none, none
	at := func(name string) int {
		n := 0
		for i := len(name) - 1; i >= 0; i-- {
			to := t[n].child
			for to > 0 && t[to].b != name[i] {
				to = t[to].next
			}
			if to == 0 {
				to = uint16(len(t))
				t = append(t, t[0])
				t[to].b, t[to].child, t[to].next, t[n].child = name[i], 0, t[n].child, to
			}
			n = int(to)
		}
		return n
	}
	for k := len(keyNames) - 1; k >= 0; k-- { // so that the first row is what stays
		for name := range strings.FieldsSeq(keyNames[k].ends) {
			t[at(name)].end = uint8(k)
		}
		for name := range strings.FieldsSeq(keyNames[k].words) {
			t[at(name)].word = uint8(k)
		}
		for name := range strings.FieldsSeq(keyNames[k].wholes) {
			t[at(name)].whole = uint8(k)
		}
	}
	return t
})

// find returns the row of a name, or the number of rows.
func (t tails) find(w string) int {
	row, n, first := t[0].end, uint16(0), 0
	for first < len(w) && joins(w[first]) {
		first++
	}
	for i := len(w) - 1; i >= first; i-- {
		if joins(w[i]) {
			continue
		}
		b := lower(w[i])
		for n = t[n].child; n > 0 && t[n].b != b; {
			n = t[n].next
		}
		if n == 0 {
			break
		}
		at := &t[n]
		row = min(row, at.end)
		if at.word < row && begins(w, i) {
			row = at.word
		}
		if i == first {
			row = min(row, at.whole)
		}
	}
	return int(row)
}

// notSecret reports whether a token is none that opens anything, by what stands
// before the word.
func notSecret(name string) bool {
	switch name {
	case "next", "nextpage", "page", "prev", "prevpage", "previouspage", "pagination", "continuation", "eos", "bos", "pad", "unk", "mask", "sep", "cls", "stop", "special", "max",
		"cancellation", "cursor", "start", "end", "first", "last", "image", "per", "cost", "nextsync", "sync", "resume":
		return true
	}
	return false
}

// notKey reports the same of a key.
func notKey(name string) bool {
	switch name {
	case "", "primary", "foreign", "public", "sort", "cache", "partition", "hash", "object", "row", "dedup", "dedupe", "idempotency", "lookup", "group", "index", "map",
		"project", "host", "s3", "bucket", "sshpublic", "range", "routing", "shard", "unique", "composite", "natural", "any", "hot", "issue", "item", "cacheentry",
		"registry", "config", "i18n", "translation", "message", "event", "session", "promptcache", "wrap", "the", "query", "known", "etag", "trace", "react", "file",
		"content", "storageobject", "record", "document", "sentinel", "publishable", "sshhost", "user", "job", "run", "compositeprimary", "xpublic", "pub", "verify",
		"verification":
		return true
	}
	return false
}

// inner handles names that speak of a secret before their last word, such as
// SECRET_KEY_BASE. Only what looks random counts behind them.
func inner(w string) keyKind {
	if !speaks(w) {
		return keyKind{}
	}
	k := flatten(w)
	if len(k) < 8 {
		return keyKind{}
	}
	if !strings.Contains(k, "secret") && !strings.Contains(k, "passw") && !strings.Contains(k, "apikey") && !strings.Contains(k, "accesskey") &&
		!strings.Contains(k, "privatekey") && !strings.Contains(k, "credential") && !strings.Contains(k, "authtoken") && !strings.Contains(k, "accesstoken") && !strings.Contains(k, "apitoken") && !strings.Contains(k, "bearertoken") {
		return keyKind{}
	}
	last := len(w) - 1
	for last > 0 && (joins(w[last]) || !begins(w, last)) {
		last--
	}
	switch flatten(w[last:]) {
	case "id", "ids", "name", "names", "arn", "ref", "url", "uri", "path", "file", "version", "count", "type", "kind", "length", "hint", "policy", "label", "expiry", "at",
		"fingerprint", "manager", "store", "field", "env", "var", "scope", "scopes", "status", "checksum", "digest", "sha256", "sha", "provider", "endpoint", "keyname":
		return keyKind{}
	}
	return keyKind{weakSecret, "secret"}
}

// speaks reports whether a name may hold one of the words that inner looks for: each of
// them has a cr, a sw or a ke, but for what joins words. Other bytes share the numbers of
// letters, which costs a closer look and no more. What decides is put together without
// deciding on the way: letters are hard to foresee.
func speaks(w string) bool {
	if len(w) < 8 {
		return false
	}
	before, found := byte(0), uint32(0)
	for i := 0; i < len(w); i++ {
		if b := w[i]; !joins(b) {
			found |= speakingPairs[before&31] >> (b & 31)
			before = b
		}
	}
	return found&1 != 0
}

// speakingPairs are the letters behind a letter that speaks looks for, a bit each.
var speakingPairs = [32]uint32{'c' & 31: 1 << ('r' & 31), 's' & 31: 1 << ('w' & 31), 'k' & 31: 1 << ('e' & 31)}
