package auction

import (
	"errors"
	"time"

	"cipherbid/crypto/message"
	"cipherbid/crypto/recent"
	"cipherbid/crypto/wire"
	"cipherbid/transport"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// Handler serves the auctioneer's routes:
//
//	POST /auction  an encoded message.Request   200 and a Result as JSON
//	GET  /status   market, period and bidders, as JSON
//	GET  /metrics  Prometheus
//
// Requests that are refused get 400 malformed, 403 not allowed, 409 auctioned before, 410 another period or expired, 413 too
// large, 422 no time left, 429 too many to remember; 503 if the trustees did not decide.
func (a *Auctioneer) Handler() fasthttp.RequestHandler {
	return transport.Routes{
		"POST /auction": a.serveAuction,
		"GET /status":   a.serveStatus,
		"GET /metrics":  fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{})),
	}.Handler()
}

// MaxBodyBytes is the largest body that the handler has to accept.
func (a *Auctioneer) MaxBodyBytes() int { return a.dir.Epoch().MaxRequestBytes() }

func (a *Auctioneer) serveAuction(ctx *fasthttp.RequestCtx) {
	arrival := time.Now()
	// Bidders that are late may still read the request when the handler has returned, and fasthttp reuses its buffers.
	result, err := a.Run(append([]byte(nil), ctx.PostBody()...), arrival)
	if err != nil {
		a.log.Warn("auction refused or failed", "error", err)
		transport.Fail(ctx, statusOf(err), err.Error())
		return
	}
	transport.WriteJSON(ctx, result)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrTrustees), errors.Is(err, ErrDisagree):
		return fasthttp.StatusServiceUnavailable
	case errors.Is(err, ErrReplay):
		return fasthttp.StatusConflict
	case errors.Is(err, ErrTooLate):
		return fasthttp.StatusUnprocessableEntity
	case errors.Is(err, message.ErrPeriod), errors.Is(err, message.ErrExpired):
		return fasthttp.StatusGone
	case errors.Is(err, recent.ErrFull):
		return fasthttp.StatusTooManyRequests
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, message.ErrParams), errors.Is(err, message.ErrMarket), errors.Is(err, message.ErrVersion):
		return fasthttp.StatusBadRequest
	}
	return fasthttp.StatusForbidden
}

// status is what /status answers.
type status struct {
	Auctioneer string    `json:"auctioneer"`
	Period     uint32    `json:"period"`
	Ends       time.Time `json:"ends"`
	Params     string    `json:"params"`
	Bidders    int       `json:"bidders"`
	Trustees   int       `json:"trustees"`
}

func (a *Auctioneer) serveStatus(ctx *fasthttp.RequestCtx) {
	p := a.dir.Period()
	transport.WriteJSON(ctx, status{a.dir.Auctioneer().ID, p.Number, p.End, a.dir.Params().String(), len(a.dir.Bidders()), len(a.dir.Trustees())})
}
