package netem

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
)

// Network is the emulated network of a market: a proxy between every two parties that talk, made when it is first asked for.
// It is safe for concurrent use.
type Network struct {
	pick func(from, to string) (Link, bool)
	seed uint64

	mu      sync.Mutex
	proxies map[route]*Proxy
	closed  bool
}

type route struct{ from, to, host string }

// NewNetwork returns a network whose links pick chooses by the parties' names; where it returns false there is no proxy, and
// the parties talk directly. Callers close the network.
func NewNetwork(seed uint64, pick func(from, to string) (Link, bool)) *Network {
	return &Network{pick: pick, seed: seed, proxies: map[route]*Proxy{}}
}

// Route returns the address at which party from reaches party to, which listens at address, an http URL. The same parties get
// the same proxy again.
func (n *Network) Route(from, to, address string) (string, error) {
	link, ok := n.pick(from, to)
	if !ok {
		return address, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return "", fmt.Errorf("route from %s to %s: %q is not an http address", from, to, address)
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "80")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return "", fmt.Errorf("route from %s to %s: the network is closed", from, to)
	}
	r := route{from, to, host}
	p := n.proxies[r]
	if p == nil {
		if p, err = Listen(host, link, n.seed+uint64(len(n.proxies))); err != nil {
			return "", fmt.Errorf("route from %s to %s: %w", from, to, err)
		}
		n.proxies[r] = p
	}
	u.Host = p.Addr()
	return u.String(), nil
}

// Traffic returns the bytes carried so far between every two parties, by "from>to": Up is from the first to the second.
func (n *Network) Traffic() map[string]Traffic {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := map[string]Traffic{}
	for r, p := range n.proxies {
		t, sum := p.Traffic(), all[r.from+">"+r.to]
		all[r.from+">"+r.to] = Traffic{sum.Up + t.Up, sum.Down + t.Down}
	}
	return all
}

// Close closes all proxies.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	var err error
	for _, p := range n.proxies {
		err = errors.Join(err, p.Close())
	}
	return err
}
