package node

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cipherbid/bidder/model"
	"cipherbid/bidder/train"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
)

// fit is a fit of two bidders that nobody has fitted.
func fit(t *testing.T) *train.Result {
	t.Helper()
	features, err := model.NewFeatureMap(64, []string{"usertag=1"})
	if err != nil {
		t.Fatal(err)
	}
	r := &train.Result{FeatureMap: features}
	for _, seat := range []string{"ada", "bob"} {
		m, err := model.NewGLM(model.Spec{
			Version: 1, Seat: seat, FeaturesDigest: features.Digest(), Link: model.LinkLog,
			Campaigns: []model.CampaignSpec{{ID: seat, ValuePerClick: 1}},
		}, features)
		if err != nil {
			t.Fatal(err)
		}
		r.Models = append(r.Models, m)
	}
	return r
}

// writeMarket writes a market into a new folder.
func writeMarket(t *testing.T, p *params.Params, mode message.Mode, err error) (*Layout, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	l, err := WriteMarket(dir, p, keys.X25519, mode, fit(t))
	if err != nil {
		t.Fatal(err)
	}
	return l, dir
}

func encrypted() (*params.Params, error) { return params.Default(64) }
func plain() (*params.Params, error)     { return params.Plain(11, 64) }

func TestWriteMarket(t *testing.T) {
	for name, tc := range map[string]struct {
		params func() (*params.Params, error)
		mode   message.Mode
	}{"encrypted": {encrypted, message.Sealed}, "open": {encrypted, message.Open}, "plaintext": {plain, message.Sealed}} {
		t.Run(name, func(t *testing.T) {
			mode := tc.mode
			p, err := tc.params()
			l, dir := writeMarket(t, p, mode, err)
			k, err := keyring.Load(filepath.Join(dir, "keys"))
			if err != nil {
				t.Fatal(err)
			}
			d, err := k.Directory()
			if err != nil {
				t.Fatal(err)
			}
			urls := map[string]string{d.Auctioneer().ID: d.Auctioneer().URL}
			for _, x := range d.Trustees() {
				urls[x.ID] = x.URL
			}
			for _, x := range d.Bidders() {
				urls[x.Seat] = x.URL
			}
			if len(urls) != len(l.Processes) || len(urls) != len(d.Trustees())+len(d.Bidders())+1 {
				t.Errorf("%d processes for %d parties", len(l.Processes), len(urls))
			}
			addresses := map[string]bool{}
			for _, p := range l.Processes {
				if addresses[p.Address] || urls[p.Name] != "http://"+p.Address {
					t.Errorf("%s listens at %s, its url is %s", p.Name, p.Address, urls[p.Name])
				}
				addresses[p.Address] = true
				var c config
				switch p.Role {
				case "trustee":
					c = &Trustee{}
				case "bidder":
					c = &Bidder{}
				case "auctioneer":
					c = &Auctioneer{}
				}
				if err := Load(p.Config, c); err != nil {
					t.Error(err)
					continue
				}
				switch c := c.(type) {
				case *Trustee:
					if at := slices.IndexFunc(d.Trustees(), func(x directory.Trustee) bool { return x.ID == p.Name }); addresses[c.Link] || d.Trustees()[at].Link != c.Link {
						t.Errorf("%s has its link at %q, in the directory at %q", p.Name, c.Link, d.Trustees()[at].Link)
					}
					addresses[c.Link] = true
				case *Auctioneer:
					if c.Ranking != mode.String() {
						t.Errorf("the auctioneer ranks %s", c.Ranking)
					}
				}
				if got := c.common(); got.ID != p.Name || got.Listen != p.Address || string(got.Operator) != string(k.Operator.Public()) {
					t.Errorf("config of %s: %+v", p.Name, got)
				}
			}
			if last := l.Processes[len(l.Processes)-1].Role; last != "auctioneer" {
				t.Errorf("the last to start is a %s", last)
			}
			var c Agent
			if err := Load(l.Agent, &c); err != nil {
				t.Fatal(err)
			}
			if _, _, _, err := OpenAgent(&c); err != nil {
				t.Error(err)
			}
		})
	}
}

// Keys of a market that runs are not overwritten by another one.
func TestWriteMarketSparesAnotherMarket(t *testing.T) {
	p, err := encrypted()
	_, dir := writeMarket(t, p, message.Sealed, err)
	file := filepath.Join(dir, "keys", keyring.DirectoryFile)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := WriteMarket(dir, p, keys.X25519, message.Sealed, fit(t)); err == nil || !strings.Contains(err.Error(), "holds a market already") {
		t.Errorf("second market in one folder: %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Error("the directory was replaced")
	}
}

func TestOpenAgentRefusesAnotherFeatureMap(t *testing.T) {
	p, err := plain()
	l, dir := writeMarket(t, p, message.Sealed, err)
	other, err := model.NewFeatureMap(64, []string{"usertag=2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Save(filepath.Join(dir, "models", "features.json")); err != nil {
		t.Fatal(err)
	}
	var c Agent
	if err := Load(l.Agent, &c); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := OpenAgent(&c); err == nil || !strings.Contains(err.Error(), "feature map") {
		t.Error(err)
	}
}

func TestPortsDiffer(t *testing.T) {
	var p ports
	seen := map[string]bool{}
	for range 100 {
		address := p.next()
		if seen[address] {
			t.Errorf("%s was given out twice", address)
		}
		seen[address] = true
	}
	if err := p.release(); err != nil {
		t.Fatal(err)
	}
	for address := range seen { // one of them can be listened at again
		ln, err := net.Listen("tcp4", address)
		if err != nil {
			continue // somebody else was faster
		}
		ln.Close()
		return
	}
	t.Error("no port was released")
}
