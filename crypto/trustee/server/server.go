// Package server puts a trustee behind HTTP:
//
//	POST /enrol   an encoded message.Enrolment    204
//	POST /open    an encoded message.OpenRequest  200 and the sealed shares
//	POST /rank    an encoded message.RankRequest  200 and the sealed part of the outcome
//	GET  /status  period, time of start and state of the links to the other trustees, as JSON
//
// Refusals have a status that says who must act: 400 malformed, 403 not allowed, 409 served before or known, 410 another period or
// expired, 412 the caller has to enrol first, 422 the trustee that is said to be absent is there, 429 too many requests to remember, 502 another trustee fails or lies.
package server

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
	"cipherbid/crypto/sealed"
	"cipherbid/crypto/trustee"
	"cipherbid/crypto/wire"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// Server serves one trustee. It is safe for concurrent use.
type Server struct {
	trustee *trustee.Trustee
	links   *Links // nil if the trustee only opens
	status  Status
	log     *slog.Logger
	opened  atomic.Uint64
	refused atomic.Uint64
}

// Status is what /status answers.
type Status struct {
	ID      string    `json:"id"`
	Period  uint32    `json:"period"`
	Started time.Time `json:"started"`
	Opened  uint64    `json:"opened"`
	Refused uint64    `json:"refused"`
	Linked  []bool    `json:"linked,omitempty"` // whether there is a link to each of the other trustees
}

// New returns a server for a trustee. Links may be nil.
func New(t *trustee.Trustee, links *Links, id string, period uint32, started time.Time, log *slog.Logger) *Server {
	return &Server{trustee: t, links: links, status: Status{ID: id, Period: period, Started: started}, log: log}
}

// Handler serves the trustee's routes.
func (s *Server) Handler() fasthttp.RequestHandler {
	return transport.Routes{"POST /enrol": s.enrol, "POST /open": s.open, "POST /rank": s.rank, "GET /status": s.serveStatus}.Handler()
}

func (s *Server) enrol(ctx *fasthttp.RequestCtx) {
	if err := s.trustee.Enrol(append([]byte(nil), ctx.PostBody()...)); err != nil {
		s.refuse(ctx, "enrolment refused", err)
		return
	}
	ctx.SetStatusCode(fasthttp.StatusNoContent)
}

func (s *Server) open(ctx *fasthttp.RequestCtx) { s.serve(ctx, s.trustee.Open) }

func (s *Server) rank(ctx *fasthttp.RequestCtx) { s.serve(ctx, s.trustee.Rank) }

func (s *Server) serve(ctx *fasthttp.RequestCtx, work func(raw []byte, now time.Time) ([]byte, error)) {
	answer, err := work(ctx.PostBody(), time.Now())
	if err != nil {
		s.refuse(ctx, "request refused", err)
		return
	}
	s.opened.Add(1)
	ctx.Response.SetBodyRaw(answer)
}

func (s *Server) refuse(ctx *fasthttp.RequestCtx, what string, err error) {
	s.refused.Add(1)
	s.log.Warn(what, "error", err)
	transport.Fail(ctx, statusOf(err), err.Error())
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, trustee.ErrReplay), errors.Is(err, trustee.ErrAttempt), errors.Is(err, trustee.ErrBeforeBoot), errors.Is(err, trustee.ErrKnown):
		return fasthttp.StatusConflict
	case errors.Is(err, trustee.ErrNotEnrol):
		return fasthttp.StatusPreconditionFailed
	case errors.Is(err, message.ErrPeriod), errors.Is(err, message.ErrExpired):
		return fasthttp.StatusGone
	case errors.Is(err, recent.ErrFull):
		return fasthttp.StatusTooManyRequests
	case errors.Is(err, trustee.ErrPeer), errors.Is(err, sealed.ErrContradiction):
		return fasthttp.StatusBadGateway
	case errors.Is(err, trustee.ErrPresent):
		return fasthttp.StatusUnprocessableEntity
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, message.ErrParams), errors.Is(err, message.ErrMarket), errors.Is(err, message.ErrVersion):
		return fasthttp.StatusBadRequest
	}
	return fasthttp.StatusForbidden
}

func (s *Server) serveStatus(ctx *fasthttp.RequestCtx) {
	status := s.status
	status.Opened, status.Refused = s.opened.Load(), s.refused.Load()
	if s.links != nil {
		status.Linked = s.links.Linked()
	}
	transport.WriteJSON(ctx, status)
}
