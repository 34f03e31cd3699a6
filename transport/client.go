package transport

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// Errors of a call. A response with an error status is a *StatusError.
var (
	ErrTimeout     = errors.New("no answer in time")
	ErrUnreachable = errors.New("unreachable")
	ErrTooLarge    = errors.New("answer is too large")
)

// StatusError is an answer with another status than 200 or 204.
type StatusError struct {
	Status int
	Reason string // first line of the body, at most 200 bytes
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Reason) }

// Client posts to one party over pooled connections. Calls must be safe to repeat: one that fails on a connection that the
// party has closed is tried once more.
type Client struct {
	host *fasthttp.HostClient
	base string
}

// NewClient returns a client for a party's URL. maxResponse bounds bodies of answers.
func NewClient(address string, maxResponse int) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not an http or https address", address)
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	c := &Client{
		base: strings.TrimSuffix(u.String(), "/"),
		host: &fasthttp.HostClient{
			Addr:                      host,
			IsTLS:                     u.Scheme == "https",
			MaxConns:                  512,
			MaxConnWaitTimeout:        time.Second,
			MaxIdleConnDuration:       clientIdle,
			ReadTimeout:               10 * time.Second,
			WriteTimeout:              10 * time.Second,
			MaxResponseBodySize:       maxResponse,
			WriteBufferSize:           bufferBytes,
			MaxIdemponentCallAttempts: 2,
			NoDefaultUserAgentHeader:  true,
			DialTimeout: func(addr string, timeout time.Duration) (net.Conn, error) {
				return fasthttp.DialDualStackTimeout(addr, min(max(timeout, time.Millisecond), 3*time.Second))
			},
		},
	}
	c.host.RetryIfErr = func(_ *fasthttp.Request, attempts int, err error) (resetTimeout, retry bool) {
		if attempts >= 2 || isTimeout(err) || errors.Is(err, fasthttp.ErrBodyTooLarge) {
			return false, false
		}
		c.host.CloseIdleConnections() // where the party has restarted, all of them are dead, and the next try needs a fresh one
		return false, true
	}
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.host.CloseIdleConnections() }

// Post sends body to a path and returns a copy of the answer's body: nil for 204. The deadline covers everything, including
// the wait for a connection. tmax, if positive, is passed on as the time that the receiver has.
func (c *Client) Post(path string, body []byte, deadline time.Time, tmax time.Duration) ([]byte, error) {
	return c.do(fasthttp.MethodPost, path, body, deadline, tmax)
}

// Get fetches a path.
func (c *Client) Get(path string, deadline time.Time) ([]byte, error) {
	return c.do(fasthttp.MethodGet, path, nil, deadline, 0)
}

// TMaxHeader carries the milliseconds that a receiver has for its answer.
const TMaxHeader = "X-Cipherbid-Tmax"

func (c *Client) do(method, path string, body []byte, deadline time.Time, tmax time.Duration) ([]byte, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.Header.SetMethod(method)
	req.SetRequestURI(c.base + path)
	if method == fasthttp.MethodPost {
		req.Header.SetContentType("application/octet-stream")
		req.SetBodyRaw(body)
	}
	if tmax > 0 {
		req.Header.Set(TMaxHeader, fmt.Sprint(tmax.Milliseconds()))
	}
	switch err := c.host.DoDeadline(req, resp, deadline); {
	case err == nil:
	case isTimeout(err) || !time.Now().Before(deadline):
		return nil, fmt.Errorf("%w: %s", ErrTimeout, c.base)
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return nil, fmt.Errorf("%w: %s", ErrTooLarge, c.base)
	default:
		return nil, fmt.Errorf("%w: %s: %v", ErrUnreachable, c.base, err)
	}
	switch status := resp.StatusCode(); status {
	case fasthttp.StatusOK:
		return append([]byte{}, resp.Body()...), nil
	case fasthttp.StatusNoContent:
		return nil, nil
	default:
		reason, _, _ := strings.Cut(string(resp.Body()[:min(200, len(resp.Body()))]), "\n")
		return nil, &StatusError{status, reason}
	}
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.Is(err, fasthttp.ErrTimeout) || errors.Is(err, fasthttp.ErrDialTimeout) || errors.Is(err, fasthttp.ErrNoFreeConns) ||
		errors.As(err, &netErr) && netErr.Timeout()
}
