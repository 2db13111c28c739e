package auth

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/outrigger-dev/outrigger/e2e/pod"
	"github.com/outrigger-dev/outrigger/pkg/pattern"
	"github.com/outrigger-dev/outrigger/pkg/pattern/proxy"
)

const tokenIssuer = "https://issuer.example/realms/shop"

// reports is what the tests' proxy demands.
func reports(edits ...func(*proxy.AuthProxy)) *proxy.AuthProxy {
	p := &proxy.AuthProxy{JWT: &proxy.JWT{
		Issuer:    tokenIssuer,
		Audiences: []string{"reports", "shop"},
		JWKSURI:   keysURI,
		CA:        &pattern.CABundle{ConfigMapName: "issuer-ca"},
		ClaimHeaders: map[string]string{
			"X-Jwt-Sub":        "sub",
			"X-Forwarded-User": "email",
			"X-Jwt-Groups":     "groups",
			"X-Jwt-Roles":      "realm_access.roles",
			"X-Jwt-Url":        "https://shop.example/tenant",
			"X-Jwt-Level":      "level",
		},
		RequiredClaims: map[string]string{"scope": "read", "tenant": "t1"},
	}, PublicPaths: []string{"/open", "/static/*"}}
	for _, edit := range edits {
		edit(p)
	}
	return p
}

// verifier runs the proxy. Its issuer is asked every second in place of every 30, and
// every 200 ms as long as there are no keys; it has 2 seconds in place of 10.
func (a *authority) verifier(t *testing.T, p *proxy.AuthProxy) *pod.Container {
	t.Helper()
	return a.verifierWith(t, p, map[string]*pod.Volume{})
}

// verifierWith is verifier with more volumes.
func (a *authority) verifierWith(t *testing.T, p *proxy.AuthProxy, mounts map[string]*pod.Volume) *pod.Container {
	t.Helper()
	containers, files := renderProxy(t, p)
	require.Len(t, containers, 1)
	mounts["/tmp"] = nil
	if script, ok := files["keys.sh"]; ok {
		fast := strings.NewReplacer(
			"sleep 30\n", "sleep 1\n",
			"sleep 10\n", "sleep 1\n",
			"sleep 2 ", "sleep 0.2 ",
			"--max-time 10 ", "--max-time 2 ",
		)
		require.Equal(t, 3, strings.Count(script, "        sleep "))
		files["keys.sh"] = fast.Replace(script)
		mounts["/etc/outrigger/issuer"] = pod.NewVolume(t, map[string]string{"ca.crt": a.ca})
	} else {
		mounts["/etc/outrigger/jwks"] = a.volume(t)
	}
	mounts["/etc/outrigger/nginx"] = pod.NewVolume(t, files)
	serve(t)
	return launch(t, containers[0], mounts)
}

func bearer(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

// comesIn waits for a status, as keys have to be fetched.
func comesIn(t *testing.T, token string, want int) {
	t.Helper()
	pod.Poll(t, "the keys", func() bool {
		status, _, _ := ask(t, "GET", "/", bearer(token))
		return status == want
	})
}

// shopClaims are those of a good token.
func shopClaims() map[string]any {
	return map[string]any{
		"iss":    tokenIssuer,
		"aud":    "reports",
		"sub":    "u1",
		"email":  "alice@example.com",
		"scope":  "read",
		"tenant": "t1",
		"iat":    time.Now().Unix(),
		"exp":    time.Now().Add(time.Hour).Unix(),
	}
}

func at(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// TestTokenChecks holds each thing that a token may have wrong against the real nginx.
func TestTokenChecks(t *testing.T) {
	a := newAuthority(t)
	key, foreign, small := rsaKey(t), rsaKey(t), smallKey(t)
	p256, p384, p521 := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), ecKey(t, elliptic.P521())
	a.keys = []any{
		"no key",
		map[string]any{"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"},
		map[string]any{"kty": "oct", "kid": "oct", "k": b64([]byte("secret"))},
		publicRSA("one", &key.PublicKey),
		publicEC(t, "p256", p256),
		publicEC(t, "p384", p384),
		publicEC(t, "p521", p521),
		publicRSA("small", &small.PublicKey),
		with(publicRSA("enc", &foreign.PublicKey), map[string]any{"use": "enc"}),
		with(publicRSA("rs512", &foreign.PublicKey), map[string]any{"alg": "RS512"}),
		with(publicRSA("ops", &foreign.PublicKey), map[string]any{"key_ops": []string{"sign"}}),
	}
	a.up()
	a.verifier(t, reports())
	h := map[string]any{"alg": "RS256", "kid": "one", "typ": "JWT"}
	c := shopClaims()
	rs := func(claims map[string]any) string { return signed(t, "RS256", key, h, with(c, claims)) }
	// text is a good token whose claims end in a text that Go doesn't write.
	text := func(end string) string {
		return signed(t, "RS256", key, h, `{"iss":"`+tokenIssuer+`","aud":"reports","scope":"read","tenant":"t1",`+end)
	}
	as := func(alg string, key any, header map[string]any) string {
		return signed(t, alg, key, with(h, header), c)
	}
	good := rs(nil)
	comesIn(t, good, 200)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	parts, others := strings.Split(good, "."), strings.Split(rs(map[string]any{"sub": "root"}), ".")
	jwk, unnamed := publicRSA("one", &foreign.PublicKey), publicRSA("", &foreign.PublicKey)
	ec := signature(t, "ES256", p256, part(t, map[string]any{"alg": "ES256", "kid": "p256"})+"."+parts[1])
	ecText := part(t, map[string]any{"alg": "ES256", "kid": "p256"}) + "." + parts[1]

	for name, check := range map[string]struct {
		token string
		want  int
	}{
		"good":                     {good, 200},
		"RS384":                    {as("RS384", key, map[string]any{"alg": "RS384"}), 200},
		"RS512":                    {as("RS512", key, map[string]any{"alg": "RS512"}), 200},
		"PS256":                    {as("PS256", key, map[string]any{"alg": "PS256"}), 200},
		"PS384":                    {as("PS384", key, map[string]any{"alg": "PS384"}), 200},
		"PS512":                    {as("PS512", key, map[string]any{"alg": "PS512"}), 200},
		"ES256":                    {as("ES256", p256, map[string]any{"alg": "ES256", "kid": "p256"}), 200},
		"ES384":                    {as("ES384", p384, map[string]any{"alg": "ES384", "kid": "p384"}), 200},
		"ES512":                    {as("ES512", p521, map[string]any{"alg": "ES512", "kid": "p521"}), 200},
		"no kid, known key":        {as("RS256", key, map[string]any{"kid": nil}), 200},
		"no kid, foreign key":      {as("RS256", rsaKey(t), map[string]any{"kid": nil}), 401},
		"another key's kid":        {as("RS256", key, map[string]any{"kid": "rs512"}), 401},
		"unknown kid":              {as("RS256", key, map[string]any{"kid": "two"}), 401},
		"kid a number":             {as("RS256", key, map[string]any{"kid": 1}), 401},
		"kid of the prototype":     {as("RS256", key, map[string]any{"kid": "__proto__"}), 401},
		"kid a path":               {as("RS256", key, map[string]any{"kid": "../../../dev/null"}), 401},
		"foreign key, known kid":   {as("RS256", foreign, nil), 401},
		"key for encryption":       {as("RS256", foreign, map[string]any{"kid": "enc"}), 401},
		"key of another algorithm": {as("RS256", foreign, map[string]any{"kid": "rs512"}), 401},
		"its own algorithm":        {as("RS512", foreign, map[string]any{"kid": "rs512", "alg": "RS512"}), 200},
		"key for signing only":     {as("RS256", foreign, map[string]any{"kid": "ops"}), 401},
		"key of 1024 bits":         {as("RS256", small, map[string]any{"kid": "small"}), 401},
		"header jwk":               {as("RS256", foreign, map[string]any{"jwk": jwk}), 401},
		"header jwk, no kid":       {as("RS256", foreign, map[string]any{"kid": nil, "jwk": unnamed}), 401},
		"header jku":               {as("RS256", foreign, map[string]any{"jku": "https://evil.example/keys"}), 401},
		"header x5c":               {as("RS256", foreign, map[string]any{"x5c": []string{"AAAA"}}), 401},
		"unknown crit":             {as("RS256", key, map[string]any{"crit": []string{"x"}, "x": 1}), 401},
		"empty crit":               {as("RS256", key, map[string]any{"crit": []string{}}), 401},
		"crit b64":                 {as("RS256", key, map[string]any{"crit": []string{"b64"}, "b64": true}), 401},
		"RS512 over RS256":         {as("RS256", key, map[string]any{"alg": "RS512"}), 401},
		"PS256 over RS256":         {as("RS256", key, map[string]any{"alg": "PS256"}), 401},
		"RS256 over PS256":         {as("PS256", key, nil), 401},
		"ES256 with RSA":           {as("RS256", key, map[string]any{"alg": "ES256"}), 401},
		"RS256 with EC":            {as("ES256", p256, map[string]any{"kid": "p256"}), 401},
		"ES384 with P-256":         {as("ES384", p256, map[string]any{"alg": "ES384", "kid": "p256"}), 401},
		"HS256, PEM":               {as("HS256", public, map[string]any{"alg": "HS256"}), 401},
		"HS256, DER":               {as("HS256", der, map[string]any{"alg": "HS256"}), 401},
		"HS256, published secret":  {as("HS256", []byte("secret"), map[string]any{"alg": "HS256", "kid": "oct"}), 401},
		"RS256, but HS256":         {as("HS256", public, nil), 401},
		"alg none":                 {part(t, map[string]any{"alg": "none"}) + "." + parts[1] + ".", 401},
		"alg none, signed":         {as("RS256", key, map[string]any{"alg": "none"}), 401},
		"alg None":                 {part(t, map[string]any{"alg": "None"}) + "." + parts[1] + ".AA", 401},
		"alg nOnE":                 {as("RS256", key, map[string]any{"alg": "nOnE"}), 401},
		"alg empty":                {as("RS256", key, map[string]any{"alg": ""}), 401},
		"alg absent":               {as("RS256", key, map[string]any{"alg": nil}), 401},
		"alg lower case":           {as("RS256", key, map[string]any{"alg": "rs256"}), 401},
		"alg a list":               {as("RS256", key, map[string]any{"alg": []string{"RS256"}}), 401},
		"alg constructor":          {as("RS256", key, map[string]any{"alg": "constructor"}), 401},
		"alg __proto__":            {as("RS256", key, map[string]any{"alg": "__proto__"}), 401},
		"typ anything":             {as("RS256", key, map[string]any{"typ": "at+jwt"}), 200},

		"wrong issuer":           {rs(map[string]any{"iss": "https://evil.example"}), 401},
		"no issuer":              {rs(map[string]any{"iss": nil}), 401},
		"longer issuer":          {rs(map[string]any{"iss": tokenIssuer + "/"}), 401},
		"shorter issuer":         {rs(map[string]any{"iss": tokenIssuer[:len(tokenIssuer)-1]}), 401},
		"issuer a list":          {rs(map[string]any{"iss": []string{tokenIssuer}}), 401},
		"issuer in other case":   {rs(map[string]any{"iss": strings.ToUpper(tokenIssuer)}), 401},
		"wrong audience":         {rs(map[string]any{"aud": "payroll"}), 401},
		"no audience":            {rs(map[string]any{"aud": nil}), 401},
		"empty audience":         {rs(map[string]any{"aud": ""}), 401},
		"empty list of them":     {rs(map[string]any{"aud": []string{}}), 401},
		"prefix of audience":     {rs(map[string]any{"aud": "report"}), 401},
		"longer audience":        {rs(map[string]any{"aud": "reports2"}), 401},
		"numeric audience":       {rs(map[string]any{"aud": 1}), 401},
		"audience an object":     {rs(map[string]any{"aud": map[string]any{"reports": true}}), 401},
		"audiences with ours":    {rs(map[string]any{"aud": []string{"payroll", "reports"}}), 200},
		"audiences without ours": {rs(map[string]any{"aud": []string{"payroll", "hr"}}), 401},
		"audiences in a list":    {rs(map[string]any{"aud": []any{[]string{"reports"}}}), 401},
		"the second audience":    {rs(map[string]any{"aud": "shop"}), 200},
		"expired":                {rs(map[string]any{"exp": at(-time.Hour)}), 401},
		"expired a minute ago":   {rs(map[string]any{"exp": at(-time.Minute)}), 401},
		"expired 10 s ago":       {rs(map[string]any{"exp": at(-10 * time.Second)}), 200},
		"never expires":          {rs(map[string]any{"exp": nil}), 401},
		"expiry a text":          {rs(map[string]any{"exp": "9999999999"}), 401},
		"expiry null":            {text(`"exp":null}`), 401},
		"expiry too large":       {text(`"exp":1e999}`), 401},
		"expiry with fraction":   {rs(map[string]any{"exp": float64(at(time.Hour)) + 0.5}), 200},
		"not before 10 minutes":  {rs(map[string]any{"nbf": at(10 * time.Minute)}), 401},
		"not before 2 minutes":   {rs(map[string]any{"nbf": at(2 * time.Minute)}), 401},
		"not before 10 s":        {rs(map[string]any{"nbf": at(10 * time.Second)}), 200},
		"not before, a text":     {rs(map[string]any{"nbf": "1"}), 401},
		"issued in an hour":      {rs(map[string]any{"iat": at(time.Hour)}), 200},

		"scope missing":          {rs(map[string]any{"scope": nil}), 403},
		"another scope":          {rs(map[string]any{"scope": "write"}), 403},
		"scope with more":        {rs(map[string]any{"scope": "read write"}), 403},
		"prefix of scope":        {rs(map[string]any{"scope": "rea"}), 403},
		"scope a list":           {rs(map[string]any{"scope": []string{"write", "read"}}), 200},
		"scope a list without":   {rs(map[string]any{"scope": []string{"write", "a,read"}}), 403},
		"scope an object":        {rs(map[string]any{"scope": map[string]any{"read": true}}), 403},
		"scope a number":         {rs(map[string]any{"scope": 0}), 403},
		"one of two claims":      {rs(map[string]any{"tenant": "t2"}), 403},
		"none of them":           {rs(map[string]any{"tenant": nil, "scope": nil}), 403},
		"claim of the prototype": {rs(map[string]any{"scope": nil, "__proto__": map[string]any{"scope": "read"}}), 403},

		"line break in a claim": {rs(map[string]any{"sub": "u1\r\nX-Admin: 1"}), 401},
		"NUL in a claim":        {rs(map[string]any{"sub": "u1\x00"}), 401},
		"DEL in a claim":        {rs(map[string]any{"sub": "u1\x7f"}), 401},
		"line break in a list":  {rs(map[string]any{"groups": []string{"a", "b\nc"}}), 401},
		"too long a number":     {text(`"exp":9999999999,"sub":12345678901234567890}`), 401},
		"line break, not shown": {rs(map[string]any{"note": "a\nb"}), 200},
		"20 KB of claims":       {rs(map[string]any{"note": noise(14000)}), 200},
		"600 groups":            {rs(map[string]any{"groups": strings.Fields(strings.Repeat("group-x ", 600))}), 200},

		"two parts":             {parts[0] + "." + parts[1], 401},
		"four parts":            {good + ".x", 401},
		"five parts":            {good + ".x.y", 401},
		"one part":              {"x", 401},
		"only dots":             {"..", 401},
		"no signature":          {parts[0] + "." + parts[1] + ".", 401},
		"signature cut":         {good[:len(good)-4], 401},
		"signature of others":   {parts[0] + "." + parts[1] + "." + others[2], 401},
		"claims of others":      {parts[0] + "." + part(t, with(c, map[string]any{"sub": "root"})) + "." + parts[2], 401},
		"padded":                {parts[0] + "=." + parts[1] + "." + parts[2], 401},
		"padded signature":      {good + "==", 401},
		"not base64":            {"!!." + parts[1] + "." + parts[2], 401},
		"base64 with + and /":   {parts[0] + ".a+/b." + parts[2], 401},
		"blank in it":           {parts[0] + ". " + parts[1] + "." + parts[2], 401},
		"header no JSON":        {b64([]byte("alg: RS256")) + "." + parts[1] + "." + parts[2], 401},
		"header a list":         {signed(t, "RS256", key, []any{h}, c), 401},
		"header null":           {signed(t, "RS256", key, "null", c), 401},
		"claims no JSON":        {signed(t, "RS256", key, h, "sub=u1"), 401},
		"claims a list":         {signed(t, "RS256", key, h, []any{c}), 401},
		"claims a text":         {signed(t, "RS256", key, h, `"u1"`), 401},
		"claims null":           {signed(t, "RS256", key, h, "null"), 401},
		"claims no UTF-8":       {signed(t, "RS256", key, h, "{\"iss\":\"\xff\"}"), 401},
		"JSON form":             {b64([]byte(`{"payload":"x"}`)), 401},
		"nested very deep":      {signed(t, "RS256", key, h, strings.Repeat("[", 9000)), 401},
		"ES256 as DER":          {ecText + "." + b64(asn1(ec)), 401},
		"ES256 of zeros":        {ecText + "." + b64(make([]byte, 64)), 401},
		"ES256 longer":          {ecText + "." + b64(append(append([]byte{}, ec...), 0)), 401},
		"ES256 as it should be": {ecText + "." + b64(ec), 200},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, got := ask(t, "GET", "/admin?x=%2F", pretended(bearer(check.token)))
			require.Equal(t, check.want, status)
			require.NotContains(t, strings.Join(values(got.Header), " "), "root")
			if status == 401 {
				require.Equal(t, "Bearer", header.Get("WWW-Authenticate"))
			}
		})
	}
}

func smallKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	return key
}

// asn1 is a signature of P-256 as X.509 has it.
func asn1(raw []byte) []byte {
	n := func(b []byte) []byte { return append([]byte{2, byte(len(b) + 1), 0}, b...) }
	body := append(n(raw[:32]), n(raw[32:])...)
	return append([]byte{0x30, byte(len(body))}, body...)
}
