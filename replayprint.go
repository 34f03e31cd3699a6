package main

import (
	"fmt"
	"math"

	"cipherbid/auction/audit"
	"cipherbid/crypto/message"
)

// print says what was checked and confirmed.
func (p *replayer) print(r *audit.Report) {
	fmt.Fprintf(p.out, "transcript  of %s, period %d; the auctioneer's signature holds\n", r.Transcript.Arrival.Format("2006-01-02 15:04:05.000"), r.Transcript.Period)
	for _, a := range r.Transcript.Attempts {
		if a.Failed != "" {
			fmt.Fprintf(p.out, "attempt %d   failed: %s\n", a.Number, a.Failed)
		}
	}
	switch {
	case r.Terms == nil && r.Outcome != nil:
		fmt.Fprint(p.out, "NOT RANKED: too few bid, and nothing was sold\n\n")
		return
	case r.Terms == nil:
		fmt.Fprint(p.out, "NOT DECIDED: nothing was sold\n\n")
		return
	}
	p.printRanking(r)
	for _, o := range r.Outcome {
		if o.Sold {
			fmt.Fprintf(p.out, "imp %-7q sold to %q, campaign %d, clearing price %.4f CPM\n", o.Imp, o.Seat, o.Campaign, o.Price)
		} else {
			fmt.Fprintf(p.out, "imp %-7q not sold\n", o.Imp)
		}
		if p.showBids {
			p.printBids(r, o.Imp)
		}
	}
	fmt.Fprint(p.out, "CONFIRMED\n\n")
}

// printRanking says who took part and what the records were checked against.
func (p *replayer) printRanking(r *audit.Report) {
	a := r.Transcript.Deciding()
	fmt.Fprintf(p.out, "attempt %d   decided:", a.Number)
	for part, trustee := range r.Roles {
		does := message.Part(part).String()
		if a.Absent != nil && int(*a.Absent) == trustee {
			does = "absent"
		}
		fmt.Fprintf(p.out, " %s %s", p.dir.Trustees()[trustee].ID, does)
	}
	fmt.Fprintf(p.out, "\npublisher   %q; its signature holds\nrecords     of", r.Terms.Publisher)
	for _, trustee := range r.Trustees {
		fmt.Fprintf(p.out, " %s", p.dir.Trustees()[trustee].ID)
	}
	counted := 0
	for _, why := range r.LeftOut {
		if why == "" {
			counted++
		}
	}
	fmt.Fprintf(p.out, "; messages, sub-keys, parts and hints are those that were committed to\nanswers     %d of %d counted\n", counted, len(r.LeftOut))
	for i, why := range r.LeftOut {
		if why != "" {
			fmt.Fprintf(p.out, "left out    %q, %s\n", r.Manifest.Entries[i].Seat, why)
		}
	}
}

func (p *replayer) printBids(r *audit.Report, imp string) {
	for _, b := range r.Bids() {
		if b.Imp != imp {
			continue
		}
		bid := "           -"
		if !math.IsNaN(b.CPM) {
			bid = fmt.Sprintf("%8.4f CPM", b.CPM)
		}
		why := ""
		if b.LeftOut != "" {
			why = ", did not count: " + b.LeftOut
		}
		fmt.Fprintf(p.out, "  %s  %q, campaign %d%s\n", bid, b.Seat, b.Campaign, why)
	}
}
