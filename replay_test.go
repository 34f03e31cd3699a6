package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/market"
	"cipherbid/bidder/model"
	"cipherbid/crypto/agent"
	"cipherbid/crypto/message"
	"cipherbid/crypto/params"

	"github.com/rogpeppe/go-internal/testscript"
)

// always is a model that bids the same on everything.
type always struct{ cpm float64 }

func (a always) Campaigns() []model.Campaign             { return []model.Campaign{{ID: "c"}} }
func (a always) Weights(int) []float64                   { return make([]float64, 64) }
func (a always) Bias(int, model.Context) (float64, bool) { return math.Log(a.cpm), true }

// held DIR holds two auctions for ada, who bids 2, and bob, who bids 5: the first above a floor of 1, the second with a floor of 9. It
// leaves in DIR what an auditor needs, the next directory, and the auctions' ids in FIRST and SECOND.
func held(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: held dir")
	}
	dir := ts.MkAbs(args[0])
	p, err := params.Default(64)
	ts.Check(err)
	var transcripts bytes.Buffer
	m, err := market.Start(market.Config{
		Params: p, Seats: []market.Seat{{ID: "ada", Model: always{2}}, {ID: "bob", Model: always{5}}}, Records: dir, Stock: -1,
		Logger: slog.New(slog.DiscardHandler),
		Auction: auction.Config{Transcript: func(s *auction.SignedTranscript) error {
			return json.NewEncoder(&transcripts).Encode(s)
		}},
	})
	ts.Check(err)
	for name, floor := range map[string]float64{"FIRST": 1, "SECOND": 9} {
		result, request, err := m.Auction(&agent.Opportunity{
			Features: make([]float64, 64), Imps: []message.Imp{{ID: "top", Floor: floor}}, Mode: message.Sealed, PriceRule: message.SecondPrice,
			Cap: 1000, GridBits: 8, TMax: 10 * time.Second, Lifetime: 30 * time.Second, MaxLanes: 64, MinOrgs: 1,
		})
		ts.Check(err)
		ts.Setenv(name, result.Auction)
		ts.Setenv(name+"_REQUEST", fmt.Sprintf("%x", request))
	}
	ts.Check(m.Close()) // which writes what waits
	signed, err := m.Keys.Signed()
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "directory.json"), signed, 0o600))
	ts.Check(m.Keys.Roll(time.Now(), time.Hour))
	next, err := m.Keys.Signed()
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "next.json"), next, 0o600))
	ts.Check(os.WriteFile(filepath.Join(dir, "transcripts.jsonl"), transcripts.Bytes(), 0o600))
	ts.Setenv("OPERATOR", m.Keys.Operator.Public().String())
}
