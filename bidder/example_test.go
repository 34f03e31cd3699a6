package bidder_test

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"cipherbid/bidder"
	"cipherbid/bidder/model"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/params"
)

// leaderboards is a whole model: one campaign that bids 1.50 CPM on slots of 728 pixels only, and e^2 times as much for users
// who have the first private feature.
type leaderboards struct{}

func (leaderboards) Campaigns() []model.Campaign {
	return []model.Campaign{{ID: "spring", MaxBid: 20, Budget: 5000}}
}

func (leaderboards) Weights(int) []float64 { return []float64{2, 0, 0, 0, 0, 0, 0, 0} }

func (leaderboards) Bias(_ int, ctx model.Context) (logBid float64, ok bool) {
	return math.Log(1.50), ctx.Get("slotwidth") == "728"
}

// A bidder with a model of its own, in a plaintext market. An encrypted one takes the same model; there, call Enrol before
// serving.
func Example() {
	p, err := params.Plain(11, 8)
	if err != nil {
		fmt.Println(err)
		return
	}
	k, err := keyring.Make(keyring.Spec{
		Params: p.Literal(), Suite: keys.X25519, Period: time.Hour,
		Auctioneer: keyring.Site{ID: "exchange", URL: "http://127.0.0.1:8080"},
		Bidders:    []keyring.Seat{{ID: "dsp", Organisation: "dsp", URL: "http://127.0.0.1:8081"}},
	}, time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := k.Directory()
	if err != nil {
		fmt.Println(err)
		return
	}
	scheme, err := dir.Scheme()
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := bidder.New(dir, scheme, "dsp", k.Bidders["dsp"], leaderboards{}, slog.Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	// transport.Serve(ctx, listener, server.Handler(), transport.ServerConfig{MaxBodyBytes: server.MaxBodyBytes()})
	fmt.Printf("%s serves %d campaign\n", server.Status().Seat, len(server.Status().Campaigns))
	// Output: dsp serves 1 campaign
}
