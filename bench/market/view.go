package market

import (
	"fmt"
	"strings"

	"cipherbid/crypto/directory"
)

// view is the directory as party from uses it: with the addresses at which it reaches the others.
func (m *Market) view(from string) (*directory.Directory, error) {
	if m.config.Route == nil {
		return m.Dir, nil
	}
	return Reroute(m.Dir.File(), from, m.config.Route)
}

// Reroute returns a directory whose addresses are those at which party from reaches the others, as route says. Names are those
// of [Config].Route. Everything that keys, digests and messages depend on stays as it is.
func Reroute(f directory.File, from string, route func(from, to, url string) (string, error)) (*directory.Directory, error) {
	var failed error
	change := func(to string, url *string) {
		if to == from || failed != nil {
			return
		}
		got, err := route(from, to, *url)
		if err != nil {
			failed = fmt.Errorf("directory of %s: %w", from, err)
			return
		}
		*url = got
	}
	for i := range f.Trustees {
		change(trusteeName(i), &f.Trustees[i].URL)
		if f.Trustees[i].Link != "" {
			link := "http://" + f.Trustees[i].Link // routes are of URLs, whatever is spoken there
			change(trusteeName(i), &link)
			f.Trustees[i].Link = strings.TrimPrefix(link, "http://")
		}
	}
	for i := range f.Bidders {
		change(f.Bidders[i].Seat, &f.Bidders[i].URL)
	}
	change("auctioneer", &f.Auctioneer.URL)
	if failed != nil {
		return nil, failed
	}
	return directory.New(f)
}
