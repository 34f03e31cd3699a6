package model_test

import (
	"fmt"
	"math"

	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
)

// The files of README.md, and its first user.
func Example() {
	features, err := model.LoadFeatureMap("testdata/features.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	bidder, err := model.LoadGLM("testdata/model.json", features)
	if err != nil {
		fmt.Println(err)
		return
	}
	row := ipinyou.Row{
		User:    ipinyou.User{Tags: []string{"10006", "99999"}, Region: "146", City: "157", UserAgent: "windows_ie"},
		Context: ipinyou.Context{SlotWidth: "300", Hour: "13"},
	}
	x := features.Encode(model.Attributes(row.User, nil), nil)
	logBid := bidder.LogBid(0, x, model.NewRowContext(row))
	fmt.Printf("%s bids %.2f, log-bid %.4f\n", bidder.Seat(), math.Exp(logBid), logBid)
	// Output: 1458 bids 92.62, log-bid 4.5285
}
