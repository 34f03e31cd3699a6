package server

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/scheme"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// Deliver sends every trustee of a directory its enrolment, all at once. It returns how many have it, and the errors of the others.
// A trustee that has it already counts.
func Deliver(dir *directory.Directory, messages [scheme.Trustees][]byte, deadline time.Time) (known int, err error) {
	errs := make([]error, len(dir.Trustees()))
	var wg sync.WaitGroup
	for i, t := range dir.Trustees() {
		wg.Go(func() {
			if err := post(t.URL, messages[i], deadline); err != nil {
				errs[i] = fmt.Errorf("enrol with trustee %q: %w", t.ID, err)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			known++
		}
	}
	return known, errors.Join(errs...)
}

func post(url string, enrolment []byte, deadline time.Time) error {
	client, err := transport.NewClient(url, 1<<16)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.Post("/enrol", enrolment, deadline, 0)
	var status *transport.StatusError
	if errors.As(err, &status) && status.Status == fasthttp.StatusConflict {
		return nil // it has this one
	}
	return err
}
