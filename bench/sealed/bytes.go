package sealed

import (
	"fmt"
	"strings"

	"cipherbid/loadgen"
)

// Message is how many bytes of one kind an auction takes, and how they are known.
type Message struct {
	System System
	Size   Size
	What   string
	How    string
	Bytes  float64 // of an auction, everybody's together
}

// PerBidder divides the bytes among the bidders.
func (m *Message) PerBidder() float64 { return m.Bytes / float64(m.Size.Bidders) }

// key names bytes for each bidder, but for the request, of which there is one.
func (m *Message) key() string {
	return fmt.Sprintf("%s_%s_%s_bytes", m.System, strings.NewReplacer(", ", "_", " ", "_").Replace(m.What), m.Size)
}

// How bytes are known.
const (
	counted = "counted"         // contents of messages, HTTP's headers not included
	onWire  = "counted on wire" // TCP payload, headers, TLS and notices included
	encoded = "encoded"         // contents of messages of a circuit without unused bids
)

// Kinds of messages.
const (
	whatRequest     = "request"
	whatBidRequests = "bid requests"
	whatAnswers     = "answers"
	whatBidders     = "bidders, both ways"
	whatRanking     = "auctioneer and trustees"
	whatLegs        = "trustees, online"
	whatStock       = "trustees, in advance"
	whatLinks       = "trustees, all"
)

// Messages lists the bytes of every kind. Contents are of latency runs, where there are some, else of loads.
func (r *Result) Messages() []Message {
	var all []Message
	seen := map[Message]bool{}
	add := func(m Message) {
		key := Message{System: m.System, Size: m.Size, What: m.What}
		if m.Bytes > 0 && !seen[key] {
			seen[key] = true
			all = append(all, m)
		}
	}
	bodies := func(system System, s Size, b *Bodies) {
		n := float64(s.Bidders)
		add(Message{system, s, whatRequest, counted, b.Request})
		add(Message{system, s, whatBidRequests, counted, n * b.BidRequest})
		add(Message{system, s, whatAnswers, counted, n * b.Answer})
		add(Message{system, s, whatRanking, counted, b.Ranking})
	}
	for i := range r.Points {
		p := &r.Points[i]
		bodies(p.System, p.Size, &p.Bodies)
	}
	for i := range r.Loads {
		l := &r.Loads[i]
		bodies(l.System, l.Size, &l.Bodies)
		add(Message{l.System, l.Size, whatBidders, onWire, perAuction(l.Result, func(party string) bool { return kindOf(party) == "bidder" })})
		// With a stock, trustees also fill it up meanwhile.
		if l.System == Unstocked {
			add(Message{l.System, l.Size, whatLinks, onWire, perAuction(l.Result, func(party string) bool { return strings.HasSuffix(party, "/link") })})
		}
	}
	for i := range r.Costs {
		c := &r.Costs[i]
		add(Message{Sealed, c.Size, whatLegs, encoded, float64(c.LegBytes)})
		add(Message{Sealed, c.Size, whatStock, encoded, float64(c.StockBytes)})
	}
	return all
}

// perAuction is what the listeners of some parties have received and sent for each auction.
func perAuction(r *loadgen.Result, of func(party string) bool) float64 {
	auctions := r.Good + r.Late + r.Partial
	if r.Used == nil || auctions == 0 {
		return 0
	}
	sum := int64(0)
	for party, t := range r.Used.Traffic {
		if of(party) {
			sum += t.In + t.Out
		}
	}
	return float64(sum) / float64(auctions)
}
