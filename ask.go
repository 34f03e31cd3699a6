package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cipherbid/auction"
	"cipherbid/bench/replay"
	"cipherbid/bidder/ipinyou"
	"cipherbid/bidder/model"
	"cipherbid/bidder/synth"
	"cipherbid/crypto/message"
	"cipherbid/node"
	"cipherbid/transport"
)

func runAsk(_ context.Context, args []string) error {
	f := flags("ask", "Encrypts one user of a log and runs one auction against a running auctioneer, as a user agent.\n"+
		"Without -data the user comes from the built-in market.\n\n"+
		"The request says how bids are to be ranked, and the auctioneer refuses it unless it ranks that way.",
		"cipherbid ask -config market/agent.json -data impressions.csv.gz -row 7")
	config := f.String("config", "", "user agent's config file (required); cipherbid market writes one")
	data := f.String("data", "", "log to take the user from")
	row := f.Int("row", 1, "row of the log, from 1")
	seed := f.Uint64("seed", 1, "seed of the built-in market")
	tmax := f.Duration("tmax", 300*time.Millisecond, "time that the auction may take")
	mode := rankingFlag(f, message.Sealed, "")
	asJSON := f.Bool("json", false, "print the auctioneer's answer as it is")
	if err := parse(f, args); err != nil {
		return err
	}
	if *config == "" {
		return fmt.Errorf("%w: ask needs -config", errUsage)
	}
	var c node.Agent
	if err := node.Load(*config, &c); err != nil {
		return err
	}
	a, dir, features, err := node.OpenAgent(&c)
	if err != nil {
		return err
	}
	user, err := findRow(*data, *row, *seed)
	if err != nil {
		return err
	}
	o := replay.Opportunity(features.Encode(model.Attributes(user.User, nil), nil), model.NewRowContext(user), user.Floor, *mode)
	o.TMax = *tmax
	start := time.Now()
	raw, digest, err := a.Request(o)
	if err != nil {
		return err
	}
	encrypted := time.Since(start)
	client, err := transport.NewClient(dir.Auctioneer().URL, 1<<20)
	if err != nil {
		return err
	}
	defer client.Close()
	body, err := client.Post("/auction", raw, time.Now().Add(*tmax+time.Second), 0)
	if err != nil {
		return fmt.Errorf("auctioneer: %w", err)
	}
	if *asJSON {
		fmt.Printf("%s\n", body)
		return nil
	}
	var result auction.Result
	if err := json.Unmarshal(body, &result); err != nil {
		return fmt.Errorf("auctioneer's answer: %w", err)
	}
	fmt.Printf("request   %x, %d bytes, encrypted in %.1f ms\n", digest[:8], len(raw), encrypted.Seconds()*1000)
	for _, imp := range result.Imps {
		if imp.Sold {
			fmt.Printf("imp %-5s sold to %s, campaign %d, clearing price %.4f CPM (floor %g)\n", imp.Imp, imp.Seat, imp.Campaign, imp.Price, user.Floor)
		} else {
			fmt.Printf("imp %-5s not sold, no-bid reason %d\n", imp.Imp, result.NoBid)
		}
	}
	fmt.Printf("took      %.1f ms\n", time.Since(start).Seconds()*1000)
	return nil
}

// findRow reads the log up to the row wanted.
func findRow(data string, row int, seed uint64) (ipinyou.Row, error) {
	if row < 1 {
		return ipinyou.Row{}, fmt.Errorf("%w: rows count from 1", errUsage)
	}
	if data == "" {
		return synth.Market(seed, row)[row-1], nil
	}
	r, err := ipinyou.Open(data)
	if err != nil {
		return ipinyou.Row{}, err
	}
	defer r.Close()
	var found ipinyou.Row
	for range row {
		if found, err = r.Next(); err != nil {
			return found, fmt.Errorf("row %d of %s: %w", row, data, err)
		}
	}
	return found, nil
}
