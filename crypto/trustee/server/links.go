package server

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/sealed"
	"cipherbid/crypto/trustee"
	"cipherbid/transport/link"
)

// Links are a trustee's links to the other two. They outlive a period. Close them when done. They are safe for concurrent use.
type Links struct {
	index   int
	hub     *link.Hub
	config  trustee.RankConfig
	log     *slog.Logger
	serving atomic.Pointer[serving]

	attach   sync.Once
	attached chan struct{} // closed when there is a trustee for frames

	stop    chan struct{}
	dealing sync.WaitGroup
}

// dealEvery is how often base transfers are dealt anew, for those who have restarted or taken up a new period.
const dealEvery = 5 * time.Second

// serving are the trustees that frames are for: of this period, and of the one before, whose last auctions may be under way.
type serving struct{ now, before *trustee.Trustee }

// DefaultStock is how many circuits of a shape a garbler keeps in stock unless told otherwise.
const DefaultStock = 32

// StartLinks connects trustee index of a directory with the others. Those before it in the directory dial in at ln. Addresses and
// identities of later directories take a restart.
func StartLinks(dir *directory.Directory, index int, identity keys.Identity, ln net.Listener, c trustee.RankConfig, log *slog.Logger) (*Links, error) {
	if string(identity.Public()) != string(dir.Trustees()[index].Identity) {
		return nil, errors.Join(fmt.Errorf("trustee %q has another identity in the directory", dir.Trustees()[index].ID), ln.Close())
	}
	l := &Links{index: index, config: c, log: log, stop: make(chan struct{}), attached: make(chan struct{})}
	l.serving.Store(&serving{})
	hub := link.Config{
		Self: index, Identity: ed25519.NewKeyFromSeed(identity.Seed()), Listener: ln, Handle: l.handle, MaxFrame: message.MaxLegBytes,
		MaxQueue: 4 * message.MaxLegBytes, Logger: log,
	}
	for _, t := range dir.Trustees() {
		hub.Peers = append(hub.Peers, link.Peer{Name: t.ID, Address: t.Link, Identity: ed25519.PublicKey(t.Identity)})
	}
	var err error
	changed := make(chan struct{}, 1)
	var up [scheme.Trustees]bool // a peer's changes come one after the other, up first
	hub.Changed = func(peer int) {
		if up[peer] = !up[peer]; !up[peer] {
			l.lost(peer)
		}
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	if l.hub, err = link.Start(hub); err != nil {
		return nil, err
	}
	l.dealing.Go(func() { l.deal(changed) })
	return l, nil
}

// Attach gives t the links, and t all frames of its period from now on.
func (l *Links) Attach(t *trustee.Trustee) {
	t.Link(l, l.config)
	l.serving.Store(&serving{now: t, before: l.serving.Load().now})
	l.attach.Do(func() { close(l.attached) })
}

// deal deals base transfers whenever a link has come up, and now and then.
func (l *Links) deal(changed <-chan struct{}) {
	ticker := time.NewTicker(dealEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-changed:
		case <-ticker.C:
		}
		select {
		case <-l.attached:
		case <-l.stop:
			return
		}
		if l.up() {
			if err := l.serving.Load().now.Deal(); err != nil {
				l.log.Warn("nothing dealt", "error", err)
			}
		}
	}
}

// lost wakes what waits for a peer.
func (l *Links) lost(peer int) {
	s := l.serving.Load()
	for _, t := range []*trustee.Trustee{s.now, s.before} {
		if t != nil {
			t.Lost(peer)
		}
	}
}

func (l *Links) handle(peer int, frame []byte) {
	select {
	case <-l.attached: // frames that come while the trustee is starting wait for it
	case <-l.stop:
		return
	}
	s := l.serving.Load()
	err := s.now.Receive(peer, frame, time.Now())
	if errors.Is(err, message.ErrPeriod) && s.before != nil {
		err = s.before.Receive(peer, frame, time.Now())
	}
	if err != nil {
		l.log.Warn("frame refused", "trustee", peer, "error", err)
	}
}

// Send queues a frame, the parts one after the other, for a trustee. It copies them.
func (l *Links) Send(peer int, parts ...[]byte) error { return l.hub.Send(peer, parts...) }

// Session returns the secret and the public name of the current connection to a trustee.
func (l *Links) Session(peer int) (secret sealed.Secret, name [8]byte, up bool) {
	s := l.hub.Session(peer)
	if s == nil {
		return secret, name, false
	}
	return s.Key, s.ID, true
}

// up reports whether there are links to both others.
func (l *Links) up() bool {
	peers := scheme.SubKeysOf(l.index)
	return l.hub.Up(peers[0]) && l.hub.Up(peers[1])
}

// Linked tells for each of the other two trustees whether there is a link to it, and what it takes to go on with it alone.
func (l *Links) Linked() []bool {
	now := l.serving.Load().now
	linked := make([]bool, 0, 2)
	for _, peer := range scheme.SubKeysOf(l.index) {
		linked = append(linked, l.hub.Up(peer) && now != nil && now.Dealt(peer))
	}
	return linked
}

// Traffic is what was sent to and received from both others, in bytes.
func (l *Links) Traffic() (sent, received uint64) {
	for _, peer := range scheme.SubKeysOf(l.index) {
		s, r := l.hub.Traffic(peer)
		sent, received = sent+s, received+r
	}
	return sent, received
}

// Close closes the links. Call it once.
func (l *Links) Close() error {
	close(l.stop)
	l.dealing.Wait()
	return l.hub.Close()
}
