package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxConfigBytes bounds a config file.
const maxConfigBytes = 1 << 20

// Trustee is a trustee's config.
type Trustee struct {
	Common
	State string `json:"state"` // folder for what must survive a restart
}

// Bidder is a bidder's config.
type Bidder struct {
	Common
	Features string `json:"features"` // the market's feature map
	Model    string `json:"model"`    // see cipherbid/bidder/model
}

// Auctioneer is an auctioneer's config.
type Auctioneer struct {
	Common
	NetworkReserveMS int `json:"network_reserve_ms"` // of tmax, for the way back; default 2
	RankReserveMS    int `json:"rank_reserve_ms"`    // of tmax, for the trustees; default 20
}

// Agent is the config of `cipherbid ask`.
type Agent struct {
	Common
	Features string `json:"features"`
}

// config is a pointer to one of the above.
type config interface {
	common() *Common
}

func (c *Common) common() *Common { return c }

// Load reads a config file into one of this package's config types. Unknown and missing fields are errors.
func Load(path string, c config) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxConfigBytes))
	if err != nil {
		return fmt.Errorf("config %s: %w", path, err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return fmt.Errorf("config %s: %w", path, locate(b, d.InputOffset(), err))
	}
	c.common().base = filepath.Dir(path)
	return c.common().check()
}

// locate adds the line to an error about JSON.
func locate(b []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if errors.As(err, &typed) {
		offset = typed.Offset
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(b[:min(int(offset), len(b))], []byte("\n")), err)
}

// Save writes a config file.
func Save(path string, c any) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}
