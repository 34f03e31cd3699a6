// Package transport is the HTTP plumbing that the market's parties share: servers and clients on fasthttp with every limit set
// that fasthttp leaves open, panics turned into answers, and errors that callers can tell apart.
//
// [Serve] runs a server until its context ends, then drains. [Client] posts to one party. Both are safe for concurrent use.
package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// ServerConfig bounds a server. The zero value of a field means its default.
type ServerConfig struct {
	Name         string // in logs
	MaxBodyBytes int    // default 64 KiB; larger bodies get 413
	Concurrency  int    // connections served at once, default 4096
	Logger       *slog.Logger
}

const (
	readTimeout  = 10 * time.Second // of a whole request: slow senders do not hold connections
	writeTimeout = 10 * time.Second
	serverIdle   = 90 * time.Second // longer than clientIdle, so that the client closes first
	clientIdle   = 60 * time.Second
	drainTimeout = 10 * time.Second

	// bufferBytes holds a whole bid request, so that one system call sends it and one receives it.
	bufferBytes = 32 << 10
)

// Serve serves handler on ln until ctx ends, then finishes the requests under way and returns nil.
func Serve(ctx context.Context, ln net.Listener, handler fasthttp.RequestHandler, c ServerConfig) error {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxBodyBytes == 0 {
		c.MaxBodyBytes = 64 << 10
	}
	if c.Concurrency == 0 {
		c.Concurrency = 4096
	}
	s := &fasthttp.Server{
		Name:                          "cipherbid",
		Handler:                       recovering(handler, c.Logger),
		ErrorHandler:                  onError,
		Logger:                        quiet{c.Logger},
		ReadTimeout:                   readTimeout,
		WriteTimeout:                  writeTimeout,
		IdleTimeout:                   serverIdle,
		MaxRequestBodySize:            c.MaxBodyBytes,
		Concurrency:                   c.Concurrency,
		ReadBufferSize:                bufferBytes,
		NoDefaultDate:                 true,
		NoDefaultContentType:          true,
		DisableHeaderNamesNormalizing: false,
		CloseOnShutdown:               true,
	}
	first := &firstAccept{Listener: ln, begins: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- s.Serve(first) }()
	select {
	case err := <-done:
		return fmt.Errorf("%s: serve: %w", c.Name, err)
	case <-ctx.Done():
		<-first.begins
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := s.ShutdownWithContext(drain); err != nil {
		return fmt.Errorf("%s: drain: %w", c.Name, err)
	}
	return nil
}

// firstAccept tells when a server begins to accept: fasthttp ignores a shutdown that comes before, and would serve for ever.
type firstAccept struct {
	net.Listener
	once   sync.Once
	begins chan struct{}
}

func (l *firstAccept) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.begins) })
	return l.Listener.Accept()
}

// recovering answers 500 instead of taking the process down.
func recovering(next fasthttp.RequestHandler, log *slog.Logger) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			if v := recover(); v != nil {
				// The value may quote data of a request, so only its type and the place are logged.
				log.Error("handler panicked", "path", string(ctx.Path()), "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
				ctx.Response.Reset()
				Fail(ctx, fasthttp.StatusInternalServerError, "internal error")
			}
		}()
		next(ctx)
	}
}

func onError(ctx *fasthttp.RequestCtx, err error) {
	var small *fasthttp.ErrSmallBuffer
	var netErr net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		Fail(ctx, fasthttp.StatusRequestEntityTooLarge, "body too large")
	case errors.As(err, &small):
		Fail(ctx, fasthttp.StatusRequestHeaderFieldsTooLarge, "headers too large")
	case errors.As(err, &netErr) && netErr.Timeout():
		Fail(ctx, fasthttp.StatusRequestTimeout, "request took too long to arrive")
	default:
		Fail(ctx, fasthttp.StatusBadRequest, "malformed HTTP request")
	}
}

// Fail answers with a status and a plain text reason.
func Fail(ctx *fasthttp.RequestCtx, status int, reason string) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(reason + "\n")
}

// WriteJSON answers with v as JSON. v must be a value that JSON can hold.
func WriteJSON(ctx *fasthttp.RequestCtx, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		Fail(ctx, fasthttp.StatusInternalServerError, "answer cannot be encoded")
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(b)
}

// quiet passes fasthttp's log on at debug level: most of it is clients hanging up.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, args ...any) { q.log.Debug(fmt.Sprintf(format, args...)) }

// Routes maps "METHOD /path" to handlers. Unknown paths get 404, known paths with another method 405.
type Routes map[string]fasthttp.RequestHandler

// Handler serves the routes. Requests with both Content-Length and Transfer-Encoding are refused, since two parsers may
// disagree where they end.
func (r Routes) Handler() fasthttp.RequestHandler {
	paths := map[string]bool{}
	for route := range r {
		var method, path string
		if n, _ := fmt.Sscan(route, &method, &path); n != 2 {
			panic("transport: malformed route " + route)
		}
		paths[path] = true
	}
	return func(ctx *fasthttp.RequestCtx) {
		if hasBothLengths(ctx.Request.Header.RawHeaders()) {
			ctx.SetConnectionClose()
			Fail(ctx, fasthttp.StatusBadRequest, "both Content-Length and Transfer-Encoding")
			return
		}
		if h := r[string(ctx.Method())+" "+string(ctx.Path())]; h != nil {
			h(ctx)
			return
		}
		if paths[string(ctx.Path())] {
			Fail(ctx, fasthttp.StatusMethodNotAllowed, "method not allowed")
			return
		}
		Fail(ctx, fasthttp.StatusNotFound, "not found")
	}
}

// hasBothLengths looks at the headers as they came: fasthttp drops Content-Length where there is a Transfer-Encoding, and forgets
// the identity encoding.
func hasBothLengths(raw []byte) bool {
	var length, encoding bool
	for line := range bytes.Lines(raw) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		length = length || bytes.EqualFold(name, []byte("Content-Length"))
		encoding = encoding || bytes.EqualFold(name, []byte("Transfer-Encoding"))
	}
	return length && encoding
}
