package bidder

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"

	"cipherbid/crypto/keys"
	"cipherbid/crypto/message"
)

// notify posts notices.
func (d *desk) notify(t *testing.T, body []byte, want int) {
	t.Helper()
	if got, answer := d.do("POST", "/notice", body, ""); got != want {
		t.Errorf("status %d, want %d: %s", got, want, answer)
	}
}

func TestExhaustedBudgetStopsOneCampaign(t *testing.T) {
	f := newFlat(2, 3, 4)
	f.campaigns[0].Budget, f.campaigns[2].Budget = 0.01, 0.005 // 10 and 5 CPM
	d := open(t, f)
	auctioneer := d.keys.Auctioneer
	for i, tc := range []struct {
		notices []message.Notice
		bidding []int
	}{
		{nil, []int{0, 1, 2}},
		{[]message.Notice{win(0, 4), win(1, 1000)}, []int{0, 1, 2}},
		{[]message.Notice{win(0, 5.9)}, []int{0, 1, 2}},
		{[]message.Notice{win(0, 0.1)}, []int{1, 2}}, // exactly all of it
		{[]message.Notice{win(2, 500)}, []int{1}},    // more than all of it: wins may be under way
		{[]message.Notice{win(0, 1)}, []int{1}},      // as here
	} {
		d.notify(t, d.notices(uint64(i+1), seat, auctioneer, tc.notices...), 204)
		if got := campaigns(d.bid(nil)); !slices.Equal(got, tc.bidding) {
			t.Errorf("after batch %d: campaigns %v bid, want %v", i, got, tc.bidding)
		}
	}
	want := []Account{{"a", 4, 0.011, 0.01}, {"b", 1, 1, 0}, {"c", 1, 0.5, 0.005}}
	for k, got := range d.Status().Campaigns {
		if math.Abs(got.Spent-want[k].Spent) > 1e-12 {
			t.Errorf("campaign %d has spent %g, want %g", k, got.Spent, want[k].Spent)
		}
		if got.Spent = want[k].Spent; got != want[k] {
			t.Errorf("campaign %d: %+v, want %+v", k, got, want[k])
		}
	}
}

func TestNoCampaignLeftIsANoBid(t *testing.T) {
	f := newFlat(2)
	f.campaigns[0].Budget = 0.001
	d := open(t, f)
	d.notify(t, d.notices(1, seat, d.keys.Auctioneer, win(0, 1)), 204)
	if a := d.bid(nil); a != nil {
		t.Errorf("bids without money: %+v", a)
	}
}

// Whatever is wrong with a batch, nothing of it is booked.
func TestBadNoticesChangeNothing(t *testing.T) {
	d := open(t, newFlat(2, 3))
	auctioneer := d.keys.Auctioneer
	good := d.notices(10, seat, auctioneer, win(1, 5), message.Notice{Loss: message.LossOutbid}, message.Notice{Loss: message.LossInvalid})
	d.notify(t, good, 204)
	before := d.Status()
	if before.Campaigns[1] != (Account{"b", 1, 0.005, 0}) || before.Losses != 2 {
		t.Fatalf("%+v", before)
	}
	altered := bytes.Replace(d.notices(11, seat, auctioneer, win(1, 5)), []byte(`"price":5`), []byte(`"price":6`), 1)
	unsigned, err := json.Marshal(message.SignedBatch{Batch: json.RawMessage(`{"sequence":12,"seat":"seat-1","notices":[]}`)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		body   []byte
		status int
	}{
		{"another's signature", d.notices(11, seat, keys.NewIdentity(), win(0, 1)), 403},
		{"the bidder's own signature", d.notices(11, seat, d.keys.Bidders[seat], win(0, 1)), 403},
		{"altered", altered, 403},
		{"unsigned", unsigned, 403},
		{"another seat's", d.notices(11, "seat-2", auctioneer, win(0, 1)), 403},
		{"negative price", d.notices(11, seat, auctioneer, win(0, 1), win(1, -1), win(0, 1)), 403},
		{"negative price of a loss", d.notices(11, seat, auctioneer, win(0, 1), message.Notice{Loss: message.LossOutbid, Price: -1}), 403},
		{"unknown campaign", d.notices(11, seat, auctioneer, win(0, 1), win(2, 1)), 403},
		{"negative campaign", d.notices(11, seat, auctioneer, win(0, 1), win(-1, 1)), 403},
		{"not JSON", []byte("win"), 403},
		{"empty", nil, 403},
		{"JSON of another form", []byte(`{"batch":[1,2],"signature":"AA=="}`), 403},
		{"replayed", good, 204}, // the sender may not know that it came
		{"older", d.notices(9, seat, auctioneer, win(0, 1)), 204},
	} {
		if got, body := d.do("POST", "/notice", tc.body, ""); got != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, got, tc.status, body)
		}
		if after := d.Status(); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: %+v, was %+v", tc.name, after, before)
		}
	}
	d.notify(t, d.notices(11, seat, auctioneer, win(0, 1)), 204)
	if got := d.Status().Campaigns[0].Wins; got != 1 {
		t.Errorf("the next good batch: %d wins", got)
	}
}

// Losses of a campaign that does not exist are no reason to refuse: loss notices name none.
func TestLossesNameNoCampaign(t *testing.T) {
	d := open(t, newFlat(2))
	d.notify(t, d.notices(1, seat, d.keys.Auctioneer, message.Notice{Loss: message.LossOutbid, Campaign: 99}), 204)
	if d.Status().Losses != 1 {
		t.Error("not counted")
	}
}
