package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cipherbid/bidder/model"
	"cipherbid/crypto/directory"
	"cipherbid/crypto/keyring"
	"cipherbid/crypto/keys"
	"cipherbid/crypto/params"
)

const keysExample = `{
  "preset": "default",
  "suite": "mlkem768-x25519",
  "period": "24h",
  "features": "features.json",
  "trustees": [
    {"id": "trustee-0", "url": "http://127.0.0.1:9000", "link": "127.0.0.1:9100"},
    {"id": "trustee-1", "url": "http://127.0.0.1:9001", "link": "127.0.0.1:9101"},
    {"id": "trustee-2", "url": "http://127.0.0.1:9002", "link": "127.0.0.1:9102"}
  ],
  "auctioneer": {"id": "exchange", "url": "http://127.0.0.1:9010"},
  "bidders": [{"id": "dsp-1", "organisation": "DSP One", "url": "http://127.0.0.1:9020"}],
  "publishers": ["publisher"]
}`

func runKeys(_ context.Context, args []string) error {
	f := flags("keys", "Makes, inspects and rolls the keys of a market, and its signed directory.\n\n"+
		"  keys make -spec FILE -dir DIR   draw all keys and sign the directory\n"+
		"  keys inspect -dir DIR           verify the directory and print it\n"+
		"  keys roll -dir DIR              begin the next period: new period keys, the old private ones are destroyed\n\n"+
		"A spec file looks like this; presets are default (N = 2048), wide (N = 4096) and plain (no encryption).\n"+
		"A link is where a trustee listens for the others; without links only open ranking works.\n\n"+keysExample,
		"cipherbid keys make -spec market.json -dir market/keys")
	dir := f.String("dir", "", "folder of keys and directory (required)")
	spec := f.String("spec", "", "market to make keys for")
	operator := f.String("operator", "", "inspect: the operator's public key; default is the one in the folder")
	period := f.Duration("period", directory.MaxPeriod, "roll: length of the new period")
	action := ""
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		action, args = args[0], args[1:]
	}
	if err := parse(f, args); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: keys needs -dir", errUsage)
	}
	switch action {
	case "make":
		return makeKeys(*spec, *dir)
	case "inspect":
		return inspectKeys(*dir, *operator)
	case "roll":
		return rollKeys(*dir, *period)
	}
	return fmt.Errorf("%w: keys %q: name make, inspect or roll", errUsage, action)
}

// keysSpec is the file format of -spec.
type keysSpec struct {
	Preset     string         `json:"preset"`
	Suite      keys.Suite     `json:"suite"`
	Period     string         `json:"period"`
	Features   string         `json:"features"` // feature map file, relative to the spec
	Trustees   []keyring.Site `json:"trustees"`
	Auctioneer keyring.Site   `json:"auctioneer"`
	Bidders    []keyring.Seat `json:"bidders"`
	Publishers []string       `json:"publishers"`
}

func makeKeys(specFile, dir string) error {
	if specFile == "" {
		return fmt.Errorf("%w: keys make needs -spec; cipherbid keys -help shows one", errUsage)
	}
	if _, err := os.Stat(filepath.Join(dir, keyring.DirectoryFile)); err == nil {
		return fmt.Errorf("%s holds a market already; use keys roll, or another folder", dir)
	}
	file, err := os.Open(specFile)
	if err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	defer file.Close()
	d := json.NewDecoder(file)
	d.DisallowUnknownFields()
	var s keysSpec
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("spec %s: %w", specFile, err)
	}
	if !filepath.IsAbs(s.Features) {
		s.Features = filepath.Join(filepath.Dir(specFile), s.Features)
	}
	features, err := model.LoadFeatureMap(s.Features)
	if err != nil {
		return fmt.Errorf("spec %s: %w", specFile, err)
	}
	p, err := preset(s.Preset, features.Dim())
	if err != nil {
		return fmt.Errorf("spec %s: %w", specFile, err)
	}
	length, err := time.ParseDuration(s.Period)
	if err != nil {
		return fmt.Errorf("spec %s: period: %w", specFile, err)
	}
	k, err := keyring.Make(keyring.Spec{
		Params: p.Literal(), Suite: s.Suite, Period: length, Features: features.Digest(),
		Trustees: s.Trustees, Auctioneer: s.Auctioneer, Bidders: s.Bidders, Publishers: s.Publishers,
	}, time.Now())
	if err != nil {
		return fmt.Errorf("spec %s: %w", specFile, err)
	}
	if err := k.Save(dir); err != nil {
		return err
	}
	fmt.Printf("Wrote the directory and a key file for each party to %s\n", dir)
	fmt.Printf("Operator's public key, for every party to pin: %s\n", k.Operator.Public())
	return nil
}

func preset(name string, dim int) (*params.Params, error) {
	switch name {
	case "default":
		return params.Default(dim)
	case "wide":
		return params.Wide(dim)
	case "plain":
		return params.Plain(11, dim)
	}
	return nil, fmt.Errorf("preset %q: want default, wide or plain", name)
}

func inspectKeys(dir, operator string) error {
	var pinned keys.Public
	if operator == "" {
		identity, err := keyring.LoadIdentity(filepath.Join(dir, keyring.OperatorFile))
		if err != nil {
			return fmt.Errorf("%w; or name the operator's public key with -operator", err)
		}
		pinned = identity.Public()
	} else {
		var err error
		if pinned, err = operatorKey(operator); err != nil {
			return err
		}
	}
	d, err := directory.Load(filepath.Join(dir, keyring.DirectoryFile), pinned)
	if err != nil {
		return err
	}
	file := d.File()
	state := "current"
	if err := d.Current(time.Now()); err != nil {
		state = "NOT CURRENT"
	}
	fmt.Printf("market      %s, signature of operator %s holds\n", file.Market, pinned)
	fmt.Printf("period      %d, %s to %s, %s\n", file.Period.Number, file.Period.Start.Format(time.RFC3339), file.Period.End.Format(time.RFC3339), state)
	fmt.Printf("parameters  %s, id %s, boxes %s\n", d.Params(), d.Params().ID(), file.Suite)
	fmt.Printf("features    %s\n", file.Features)
	for i, t := range file.Trustees {
		link := "no link"
		if t.Link != "" {
			link = "link " + t.Link
		}
		fmt.Printf("trustee     %-14s %s, %s, period key %x\n", t.ID, t.URL, link, d.TrusteeKey(i).ID())
	}
	fmt.Printf("auctioneer  %-14s %s\n", file.Auctioneer.ID, file.Auctioneer.URL)
	for _, b := range file.Bidders {
		fmt.Printf("bidder      %-14s %s, organisation %s\n", b.Seat, b.URL, b.Organisation)
	}
	for _, p := range file.Publishers {
		fmt.Printf("publisher   %s\n", p.ID)
	}
	return nil
}

func rollKeys(dir string, length time.Duration) error {
	k, err := keyring.Load(dir)
	if err != nil {
		return err
	}
	if err := k.Roll(time.Now(), length); err != nil {
		return err
	}
	if err := k.Save(dir); err != nil {
		return err
	}
	d, err := k.Directory()
	if err != nil {
		return err
	}
	fmt.Printf("Period %d runs until %s. The private period keys of the one before are destroyed.\n", d.Period().Number, d.Period().End.Format(time.RFC3339))
	return nil
}
