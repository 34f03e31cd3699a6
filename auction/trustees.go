package auction

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/enrol"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"
)

// trustees are the auctioneer's sessions with the three trustees. They are safe for concurrent use.
type trustees struct {
	dir      *directory.Directory
	identity keys.Identity
	links    [scheme.Trustees]*trusteeLink
}

// trusteeLink is the auctioneer's end of its session with one trustee.
type trusteeLink struct {
	index  int
	id     string
	client *transport.Client

	mu      sync.RWMutex
	session *keys.Session
}

func newTrustees(dir *directory.Directory, identity keys.Identity) (*trustees, error) {
	if string(identity.Public()) != string(dir.Auctioneer().Identity) {
		return nil, fmt.Errorf("auctioneer %q has another identity in the directory", dir.Auctioneer().ID)
	}
	t := &trustees{dir: dir, identity: identity}
	for i, d := range dir.Trustees() {
		client, err := transport.NewClient(d.URL, 1<<22)
		if err != nil {
			return nil, fmt.Errorf("trustee %q: %w", d.ID, err)
		}
		t.links[i] = &trusteeLink{index: i, id: d.ID, client: client}
	}
	return t, nil
}

// Close drops the connections to the trustees.
func (t *trustees) Close() {
	for _, l := range t.links {
		l.client.Close()
	}
}

// Enrol opens a session with every trustee, and returns the errors of those with whom it could not. They are tried again
// whenever they say that they do not know the auctioneer.
func (t *trustees) Enrol(deadline time.Time) error {
	var errs [scheme.Trustees]error
	var wg sync.WaitGroup
	for i, l := range t.links {
		wg.Go(func() {
			if _, err := t.enrol(l, nil, deadline); err != nil {
				errs[i] = fmt.Errorf("enrol with trustee %q: %w", l.id, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

// enrol opens a new session, unless somebody else has replaced the stale one meanwhile.
func (t *trustees) enrol(l *trusteeLink, stale *keys.Session, deadline time.Time) (*keys.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != stale {
		return l.session, nil
	}
	session, raw, err := enrol.One(t.dir, message.RoleAuctioneer, t.dir.Auctioneer().ID, t.identity, l.index)
	if err != nil {
		return nil, err
	}
	if _, err := l.client.Post("/enrol", raw, deadline, 0); err != nil {
		return nil, err
	}
	l.session = session
	return session, nil
}

func (l *trusteeLink) current() *keys.Session {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.session
}

// exchange is what was sent to one trustee and what came back.
type exchange struct {
	session *keys.Session
	answer  []byte // sealed in session
	bytes   int    // both ways
}

// ask sends a trustee what encode makes for a session, enrolling first where the trustee does not know the auctioneer.
func (t *trustees) ask(l *trusteeLink, path string, encode func(*keys.Session) []byte, deadline time.Time) (x exchange, err error) {
	x.session = l.current()
	if x.session == nil {
		if x.session, err = t.enrol(l, nil, deadline); err != nil {
			return x, err
		}
	}
	body := encode(x.session)
	x.answer, err = l.client.Post(path, body, deadline, 0)
	var status *transport.StatusError
	if errors.As(err, &status) && status.Status == http.StatusPreconditionFailed {
		if x.session, err = t.enrol(l, x.session, deadline); err == nil {
			body = encode(x.session)
			x.answer, err = l.client.Post(path, body, deadline, 0)
		}
	}
	x.bytes = len(body) + len(x.answer)
	return x, err
}
