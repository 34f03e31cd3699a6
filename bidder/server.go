package bidder

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"cipherbid/bidder/model"
	"cipherbid/crypto/bidding"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
	"cipherbid/crypto/scheme"
	"cipherbid/crypto/trustee/server"
	"cipherbid/transport"

	"github.com/valyala/fasthttp"
)

// Server serves one seat and model for one period. It is safe for concurrent use.
type Server struct {
	dir      *directory.Directory
	seat     *bidding.Seat
	name     string
	model    Model
	budgets  *budgets
	log      *slog.Logger
	enrolled atomic.Int32 // trustees that know this model's hint
	counts   counts
	scratch  sync.Pool // *bidScratch
}

type counts struct{ bids, noBids, late, refused atomic.Uint64 }

type bidScratch struct {
	bids   []bidding.LaneBid
	biases []float64
}

// reserve is the part of a request's time that goes to encoding the answer and sending it.
const reserve = time.Millisecond

// New prepares a model for a seat of the directory: its weights, a fresh mask and hint. sch must be the directory's scheme.
func New(dir *directory.Directory, sch scheme.Scheme, seat string, identity keys.Identity, m Model, log *slog.Logger) (*Server, error) {
	campaigns := m.Campaigns()
	weights := make([][]float64, len(campaigns))
	for k := range weights {
		weights[k] = m.Weights(k)
	}
	s, err := bidding.New(dir, sch, seat, identity, weights)
	if err != nil {
		return nil, err
	}
	b := &Server{dir: dir, seat: s, name: seat, model: m, budgets: newBudgets(campaigns), log: log}
	b.scratch.New = func() any { return new(bidScratch) }
	return b, nil
}

// Enrol sends every trustee the model's hint, and returns the errors of those that did not take it. The server does not bid
// before two have. Call it again after an error.
func (s *Server) Enrol(deadline time.Time) error {
	known, err := server.Deliver(s.dir, s.seat.Enrolments(), deadline)
	s.enrolled.Store(int32(known))
	return err
}

// EnrolmentBytes is the size of the message that brings a trustee the model's hint; 0 in a plaintext market.
func (s *Server) EnrolmentBytes() int { return len(s.seat.Enrolments()[0]) }

// Handler serves the bidder's routes:
//
//	POST /bid     an encoded message.BidRequest  200 and an encoded message.Answer, or 204 for a no-bid
//	POST /notice  an message.SignedBatch         204
//	GET  /status  campaigns, wins and spending, as JSON
//
// Bid requests that are refused get 400 malformed, 403 not allowed or expired, 409 answered before; notices 403.
func (s *Server) Handler() fasthttp.RequestHandler {
	return transport.Routes{"POST /bid": s.serveBid, "POST /notice": s.serveNotice, "GET /status": s.serveStatus}.Handler()
}

// MaxBodyBytes is the largest body that the handler has to accept.
func (s *Server) MaxBodyBytes() int {
	return max(s.dir.Epoch().MaxBidRequestBytes(), message.MaxNoticeBytes)
}

func (s *Server) serveBid(ctx *fasthttp.RequestCtx) {
	limit := time.Time{}
	if ms, err := strconv.Atoi(string(ctx.Request.Header.Peek(transport.TMaxHeader))); err == nil {
		limit = time.Now().Add(time.Duration(ms)*time.Millisecond - reserve)
	}
	r, err := s.dir.Epoch().DecodeBidRequest(ctx.PostBody())
	if err != nil {
		s.counts.refused.Add(1)
		transport.Fail(ctx, fasthttp.StatusBadRequest, err.Error())
		return
	}
	answer, err := s.answer(nil, r, limit)
	switch {
	case errors.Is(err, errNoBid):
		s.counts.noBids.Add(1)
		ctx.SetStatusCode(fasthttp.StatusNoContent)
	case errors.Is(err, errNoTime):
		s.counts.late.Add(1)
		ctx.SetStatusCode(fasthttp.StatusNoContent)
	case errors.Is(err, bidding.ErrAnswered):
		s.counts.refused.Add(1)
		transport.Fail(ctx, fasthttp.StatusConflict, err.Error())
	case err != nil:
		s.counts.refused.Add(1)
		transport.Fail(ctx, fasthttp.StatusForbidden, err.Error())
	default:
		s.counts.bids.Add(1)
		ctx.Response.SetBodyRaw(answer)
	}
}

var (
	errNoBid  = errors.New("no bid")
	errNoTime = errors.New("no time left")
)

// answer decides on the bids and appends the encoded answer to dst. A zero limit is none.
func (s *Server) answer(dst []byte, r *message.BidRequest, limit time.Time) ([]byte, error) {
	if s.dir.Params().Encrypted() && s.enrolled.Load() < 2 {
		return nil, errNoBid
	}
	w := s.scratch.Get().(*bidScratch)
	defer s.scratch.Put(w)
	w.bids = w.bids[:0]
	for imp := range r.Terms.Imps {
		w.biases = s.biases(&impContext{r.Terms, imp}, w.biases)
		for k, b := range w.biases {
			if s.budgets.open(k) && bidding.CanBid(r.Terms, b) {
				w.bids = append(w.bids, bidding.LaneBid{Imp: imp, Campaign: k, LogBid: b, MaxBid: s.budgets.campaigns[k].MaxBid})
			}
		}
		if !limit.IsZero() && time.Now().After(limit) {
			return nil, errNoTime
		}
	}
	if len(w.bids) == 0 || len(w.bids) > min(int(r.Terms.MaxLanes), message.MaxAnswerLanes) {
		return nil, errNoBid
	}
	return s.seat.Answer(dst, r, time.Now(), w.bids)
}

func (s *Server) biases(ctx model.Context, dst []float64) []float64 {
	if b, ok := s.model.(Biaser); ok {
		return b.Biases(ctx, dst)
	}
	dst = dst[:0]
	for k := range s.budgets.campaigns {
		b, ok := s.model.Bias(k, ctx)
		if !ok {
			b = math.Inf(-1)
		}
		dst = append(dst, b)
	}
	return dst
}

func (s *Server) serveNotice(ctx *fasthttp.RequestCtx) {
	if err := s.book(ctx.PostBody()); err != nil {
		s.log.Warn("notices refused", "error", err)
		transport.Fail(ctx, fasthttp.StatusForbidden, err.Error())
		return
	}
	ctx.SetStatusCode(fasthttp.StatusNoContent)
}

// book verifies that notices are the auctioneer's and for this seat: anybody else could drain a budget.
func (s *Server) book(body []byte) error {
	var signed message.SignedBatch
	if err := json.Unmarshal(body, &signed); err != nil {
		return errors.New("notices are not JSON of the expected form")
	}
	if err := s.dir.Auctioneer().Identity.Verify(keys.DomainNotice, sha256.Sum256(signed.Batch), signed.Signature); err != nil {
		return fmt.Errorf("notices: auctioneer's %w", err)
	}
	var batch message.NoticeBatch
	if err := json.Unmarshal(signed.Batch, &batch); err != nil {
		return errors.New("notices are not JSON of the expected form")
	}
	if batch.Seat != s.name {
		return fmt.Errorf("notices are for seat %q", batch.Seat)
	}
	return s.budgets.apply(&batch)
}

// Status is what /status answers.
type Status struct {
	Seat      string    `json:"seat"`
	Period    uint32    `json:"period"`
	Enrolled  int32     `json:"enrolled"` // trustees that know the model's hint
	Bids      uint64    `json:"bids"`
	NoBids    uint64    `json:"no_bids"`
	Late      uint64    `json:"late"`
	Refused   uint64    `json:"refused"`
	Losses    int       `json:"losses"`
	Campaigns []Account `json:"campaigns"`
}

// Status reports what the server has done so far.
func (s *Server) Status() Status {
	accounts, losses := s.budgets.accounts()
	return Status{s.name, s.dir.Period().Number, s.enrolled.Load(), s.counts.bids.Load(), s.counts.noBids.Load(),
		s.counts.late.Load(), s.counts.refused.Load(), losses, accounts}
}

func (s *Server) serveStatus(ctx *fasthttp.RequestCtx) { transport.WriteJSON(ctx, s.Status()) }
