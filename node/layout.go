package node

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"cipherbid/bidder/train"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"
	"cipherbid/crypto/scheme"
)

// Layout is a market on disk: everything that its processes need.
type Layout struct {
	Processes []Process // trustees first, the auctioneer last
	Agent     string    // config of `cipherbid ask`
	Logs      string    // folder
}

// Process is a party to start.
type Process struct {
	Role    string // trustee, bidder or auctioneer: the subcommand
	Name    string
	Address string // host:port
	Config  string // file
}

// WriteMarket makes a development market in a folder: keys, directory, models and one config for each party, all on free ports
// of this machine. The folder may hold no market yet.
func WriteMarket(dir string, p *params.Params, suite keys.Suite, mode message.Mode, fit *train.Result) (*Layout, error) {
	keyFolder, models := filepath.Join(dir, "keys"), filepath.Join(dir, "models")
	if _, err := os.Stat(filepath.Join(keyFolder, keyring.DirectoryFile)); err == nil {
		return nil, fmt.Errorf("%s holds a market already; name another folder", dir)
	}
	l := &Layout{Agent: filepath.Join(dir, "agent.json"), Logs: filepath.Join(dir, "logs")}
	if err := os.MkdirAll(l.Logs, 0o755); err != nil {
		return nil, fmt.Errorf("write market: %w", err)
	}
	if err := fit.Save(models); err != nil {
		return nil, err
	}
	spec := keyring.Spec{Params: p.Literal(), Suite: suite, Period: directory.MaxPeriod, Features: fit.FeatureMap.Digest(), Publishers: []string{publisher}}
	var ports ports
	links := map[string]string{}
	add := func(role, name string) keyring.Site {
		address := ports.next()
		l.Processes = append(l.Processes, Process{role, name, address, filepath.Join(dir, name+".json")})
		return keyring.Site{ID: name, URL: "http://" + address}
	}
	if p.Encrypted() {
		for i := range scheme.Trustees {
			site := add("trustee", fmt.Sprintf("trustee-%d", i))
			site.Link = ports.next()
			links[site.ID] = site.Link
			spec.Trustees = append(spec.Trustees, site)
		}
	}
	for _, m := range fit.Models {
		site := add("bidder", m.Seat())
		spec.Bidders = append(spec.Bidders, keyring.Seat{ID: site.ID, Organisation: site.ID, URL: site.URL})
	}
	spec.Auctioneer = add("auctioneer", "auctioneer")
	if err := ports.release(); err != nil {
		return nil, err
	}
	k, err := keyring.Make(spec, time.Now())
	if err != nil {
		return nil, err
	}
	if err := k.Save(keyFolder); err != nil {
		return nil, err
	}
	return l, l.writeConfigs(k.Operator.Public(), mode, links)
}

// publisher is the publisher of a development market.
const publisher = "publisher"

func (l *Layout) writeConfigs(operator keys.Public, mode message.Mode, links map[string]string) error {
	features := filepath.Join("models", "features.json")
	common := func(id, listen string) Common {
		return Common{ID: id, Listen: listen, Directory: filepath.Join("keys", keyring.DirectoryFile), Operator: operator, Keys: "keys"}
	}
	err := Save(l.Agent, Agent{common(publisher, ""), features})
	for _, p := range l.Processes {
		c := common(p.Name, p.Address)
		switch p.Role {
		case "trustee":
			err = errors.Join(err, Save(p.Config, Trustee{Common: c, State: filepath.Join("state", p.Name), Link: links[p.Name]}))
		case "bidder":
			err = errors.Join(err, Save(p.Config, Bidder{c, features, filepath.Join("models", p.Name+".model.json")}))
		case "auctioneer":
			err = errors.Join(err, Save(p.Config, Auctioneer{Common: c, Ranking: mode.String()}))
		}
	}
	return err
}

// ports finds free ports, and keeps them until they are released so that no two are the same.
type ports struct {
	held []net.Listener
	err  error
}

func (p *ports) next() string {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		p.err = errors.Join(p.err, fmt.Errorf("find a free port: %w", err))
		return "127.0.0.1:0"
	}
	p.held = append(p.held, ln)
	return ln.Addr().String()
}

func (p *ports) release() error {
	for _, ln := range p.held {
		p.err = errors.Join(p.err, ln.Close())
	}
	return p.err
}
