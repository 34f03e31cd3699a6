package link

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestBadConfigurations(t *testing.T) {
	g := newPipeGroup(3)
	for _, tc := range []struct {
		change func(c *Config)
		want   string
	}{
		{func(c *Config) { c.Self = -1 }, "position -1 among 3"},
		{func(c *Config) { c.Self = 3 }, "position 3 among 3"},
		{func(c *Config) { c.Peers, c.Self = c.Peers[:1], 0 }, "among 1"},
		{func(c *Config) { c.Identity = nil }, "Ed25519 private key"},
		{func(c *Config) { c.Identity = identity(0) }, `not the one listed for "b"`},
		{func(c *Config) { c.Peers[2].Identity = nil }, "peer 2: identity"},
		{func(c *Config) { c.Peers[2].Identity = c.Peers[1].Identity }, `peer 2, "c"`},
		{func(c *Config) { c.Peers[0].Name = "" }, "peer 0"},
		{func(c *Config) { c.Peers[2].Name = "a" }, "peer 2"},
		{func(c *Config) { c.Peers[2].Address = "nowhere" }, "nowhere: missing port"},
		{func(c *Config) { c.Listener = nil }, "no listener"},
		{func(c *Config) { c.Handle = nil }, "nobody handles"},
		{func(c *Config) { c.MaxFrame = 0 }, "largest frame of 0"},
		{func(c *Config) { c.MaxFrame = 1<<30 + 1 }, "largest frame of 1073741825"},
		{func(c *Config) { c.MaxQueue = c.MaxFrame + 3 }, "cannot hold a frame"},
	} {
		c := g.config(1)
		c.Peers = append([]Peer{}, c.Peers...)
		c.Handle = func(int, []byte) {}
		tc.change(&c)
		h, err := Start(c)
		if err == nil {
			h.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

// The first party needs no listener, and its address and those before a party no sense.
func TestLeastConfiguration(t *testing.T) {
	g := newGroup(t, 2)
	first, last := g.config(0), g.config(1)
	first.Listener = nil
	last.Peers = []Peer{{Name: "a", Identity: g.peers[0].Identity}, {Name: "b", Identity: g.peers[1].Identity}}
	pair(t, g, first, last)
	handle := func(int, []byte) {}
	h, err := Start(Config{Identity: identity(0), Peers: g.peers, Handle: handle, MaxFrame: defaultMaxQueue}) // no logger, nor Changed
	if err != nil {
		t.Fatal(err)
	}
	if h.config.MaxQueue != defaultMaxQueue+headerBytes {
		t.Errorf("default queue has %d bytes", h.config.MaxQueue)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// However a session is printed, logged or encoded, its key does not come out. Its name does.
func TestSessionKeyIsNotPrinted(t *testing.T) {
	s := Session{ID: [8]byte{0xab, 0xcd}}
	copy(s.Key[:], identity(76).Public().(ed25519.PublicKey))
	texts := map[string]string{}
	for _, v := range []any{s, &s, []Session{s}, map[string]*Session{"x": &s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d"} {
			texts[fmt.Sprintf("%T %s", v, verb)] = fmt.Sprintf(verb, v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts[fmt.Sprintf("%T JSON", v)] = string(b)
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "session", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "session", v)
		texts[fmt.Sprintf("%T log", v)] = log.String()
	}
	for how, text := range texts {
		for _, form := range []string{"%x", "% X", "%d", "%s"} {
			part := strings.Trim(fmt.Sprintf(form, s.Key[3:9]), "[]")
			if strings.Contains(text, part) {
				t.Errorf("%s shows the key: %s", how, text)
			}
		}
		if !strings.Contains(text, "abcd") && !strings.Contains(how, "map") && !strings.Contains(how, "%d") && !strings.Contains(text, "0x") {
			t.Errorf("%s does not name the session: %s", how, text)
		}
	}
}
