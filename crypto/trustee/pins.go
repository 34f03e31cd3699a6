package trustee

import (
	"encoding/binary"
	"errors"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
)

// pins binds requests to manifests: in memory for speed, in the store for restarts.
type pins struct {
	store *Store
	known recent.Map[message.Digest]
}

func loadPins(s *Store, now time.Time) (*pins, error) {
	p := &pins{store: s}
	var failed error
	err := s.scan('p', func(key, value []byte) {
		if len(key) != 1+8+32 || len(value) != 32 {
			failed = errors.New("trustee's store holds a malformed pin")
			return
		}
		if int64(binary.BigEndian.Uint64(key[1:])) > now.UnixMilli() {
			request := message.Digest(key[9:])
			if _, _, err := p.known.Put(&request, message.Digest(value), now); err != nil {
				failed = err
			}
		}
	})
	return p, errors.Join(err, failed)
}

// pin binds a request to a manifest, or refuses with ErrReplay if it is bound to another. The binding is durable once the
// returned function has returned nil: work that leaves nothing behind may go on meanwhile, since a disk takes its time, but
// nothing that depends on a sub-key may leave the trustee before.
func (p *pins) pin(request, manifest message.Digest, expiry, now time.Time) (settle func() error, err error) {
	prior, _, err := p.known.Put(&request, manifest, now)
	if err != nil {
		return nil, err
	}
	if prior != manifest {
		return nil, ErrReplay
	}
	written := make(chan error, 1)
	go func() { written <- p.store.putPin(request, manifest, expiry, now) }()
	return func() error { return <-written }, nil
}
