package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// shows says in which notation text gives away a part of secret, or "".
func shows(text string, secret []byte) string {
	text = strings.ToLower(text)
	for at := 0; at+8 <= len(secret); at += 8 {
		part := secret[at : at+8]
		for name, form := range map[string]string{
			"raw":           string(part),
			"hexadecimal":   hex.EncodeToString(part),
			"spaced hex":    fmt.Sprintf("% x", part),
			"decimal":       strings.Trim(fmt.Sprint(part), "[]"),
			"Go syntax":     strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", part), "[]byte{"), "}"),
			"words":         fmt.Sprintf("%d %d", binary.LittleEndian.Uint32(part), binary.LittleEndian.Uint32(part[4:])),
			"swapped words": fmt.Sprintf("%d %d", binary.BigEndian.Uint32(part), binary.BigEndian.Uint32(part[4:])),
			"quoted string": strings.Trim(strings.ToLower(fmt.Sprintf("%q", part)), `"`),
		} {
			if strings.Contains(text, strings.ToLower(form)) {
				return name
			}
		}
	}
	if strings.Contains(text, strings.ToLower(base64.StdEncoding.EncodeToString(secret)[:16])) {
		return "base64"
	}
	return ""
}

// holder has secrets where fmt cannot call their methods.
type holder struct {
	identity Identity
	ids      map[string]Identity
	box      *BoxKey
	value    BoxKey
	session  *Session
}

// Whatever is printed, logged or encoded, and however it is wrapped, no key bytes come out.
func TestSecretsAreNotPrinted(t *testing.T) {
	for _, suite := range suites {
		id, box, sessionKey := NewIdentity(), newBoxKeyOf(t, suite), NewSessionKey()
		raw, err := box.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		session := newSessionOf(t, sessionKey)
		h := &holder{id, map[string]Identity{"a": id}, box, *box, session}
		secrets := map[string][]byte{"identity": id.Seed(), "box key": raw, "session key": sessionKey}
		for _, printed := range []any{id, &id, []Identity{id}, box, *box, []*BoxKey{box}, session, *session, h, *h, []holder{*h}} {
			texts := map[string]string{}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%T"} {
				texts[verb] = fmt.Sprintf(verb, printed)
			}
			if b, err := json.Marshal(printed); err == nil {
				texts["JSON"] = string(b)
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", printed)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", printed)
			texts["slog"] = log.String()
			for verb, text := range texts {
				for name, secret := range secrets {
					if form := shows(text, secret); form != "" {
						t.Errorf("%T printed with %s shows the %s in %s", printed, verb, name, form)
					}
				}
			}
		}
	}
}

// The test above would see a leak.
func TestShowsSeesLeaks(t *testing.T) {
	secret := NewSessionKey()
	for _, text := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("%#v", secret),
		string(secret), fmt.Sprintf("%q", secret), fmt.Sprintf("%+v", struct{ k []byte }{secret}),
		base64.StdEncoding.EncodeToString(secret), fmt.Sprint([32]byte(secret)),
		fmt.Sprint(binary.LittleEndian.Uint32(secret), binary.LittleEndian.Uint32(secret[4:])), // as AES keeps it
	} {
		if shows(text, secret) == "" {
			t.Errorf("%q would pass", text)
		}
	}
	if form := shows("nothing", secret); form != "" {
		t.Errorf("sees a leak in %s where there is none", form)
	}
}
