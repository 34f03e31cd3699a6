package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"cipherbid/crypto/message"
	"cipherbid/crypto/trustee"
	"cipherbid/crypto/trustee/server"
)

// maxConfigBytes bounds a config file.
const maxConfigBytes = 1 << 20

// Trustee is a trustee's config.
type Trustee struct {
	Common
	State string `json:"state"`           // folder for what must survive a restart
	Link  string `json:"link"`            // address and port for the other trustees, as the directory names it; empty: this trustee only opens
	Stock *int   `json:"stock,omitempty"` // circuits of a shape made in advance; default 32

	RequireAll bool `json:"require_all,omitempty"` // refuse to rank while another trustee is absent

	// Records is a folder of its own for records of sealed auctions; empty, the default, for none. They are secret, and those of two
	// trustees open every auction in them: see cipherbid/crypto/trustee/records.
	Records string `json:"records,omitempty"`
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
	Ranking          string `json:"ranking"`            // sealed, the default, or open: a baseline that shows every bid to the auctioneer
	NetworkReserveMS int    `json:"network_reserve_ms"` // of tmax, for the way back; default 2
	RankReserveMS    int    `json:"rank_reserve_ms"`    // of tmax, for the trustees; default 20

	Transcripts string `json:"transcripts,omitempty"` // file to which transcripts of sealed auctions are appended; empty for none
}

// Agent is the config of `cipherbid ask`.
type Agent struct {
	Common
	Features string `json:"features"`
}

// config is a pointer to one of the above.
type config interface {
	common() *Common
	check() error
}

func (c *Common) common() *Common { return c }

// field is a field that must not be empty.
type field struct{ name, value string }

func (c *Common) fields() []field {
	return []field{{"id", c.ID}, {"directory", c.Directory}, {"operator", string(c.Operator)}, {"keys", c.Keys}}
}

func (c *Common) server() []field { return append(c.fields(), field{"listen", c.Listen}) }

func require(fields ...field) error {
	for _, f := range fields {
		if f.value == "" {
			return fmt.Errorf("field %q is missing", f.name)
		}
	}
	return nil
}

func (c *Trustee) ranking() trustee.RankConfig {
	r := trustee.RankConfig{Stock: server.DefaultStock, RequireAll: c.RequireAll}
	if c.Stock != nil {
		r.Stock = *c.Stock
	}
	return r
}

func (c *Trustee) check() error {
	if c.Stock != nil && *c.Stock < 0 {
		return errors.New("stock must not be negative")
	}
	if c.Records != "" && c.Link == "" {
		return errors.New("records are of sealed auctions, for which a trustee needs a link")
	}
	return require(append(c.server(), field{"state", c.State})...)
}

func (c *Bidder) check() error {
	return require(append(c.server(), field{"features", c.Features}, field{"model", c.Model})...)
}

func (c *Auctioneer) check() error {
	if c.NetworkReserveMS < 0 || c.RankReserveMS < 0 {
		return errors.New("reserves must not be negative")
	}
	mode, err := c.mode()
	if err != nil {
		return err
	}
	if c.Transcripts != "" && mode != message.Sealed {
		return errors.New("transcripts are of sealed auctions, and this auctioneer ranks openly")
	}
	return require(c.server()...)
}

// mode is how this auctioneer ranks.
func (c *Auctioneer) mode() (message.Mode, error) {
	if c.Ranking == "" {
		return message.Sealed, nil
	}
	return message.ParseMode(c.Ranking)
}

func (c *Agent) check() error { return require(append(c.fields(), field{"features", c.Features})...) }

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
		return fmt.Errorf("config %s: %w", path, locate(b, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("config %s: there is data after the end", path)
	}
	c.common().base = filepath.Dir(path)
	if err := c.check(); err != nil {
		return fmt.Errorf("config %s: %w", path, err)
	}
	return nil
}

// locate adds the line to an error about JSON. That of an unknown field has no offset, so the field is looked up.
func locate(b []byte, err error) error {
	offset := int64(len(b))
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if errors.As(err, &typed) {
		offset = typed.Offset
	} else if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if at := regexp.MustCompile(regexp.QuoteMeta(name) + `\s*:`).FindIndex(b); at != nil {
			offset = int64(at[0])
		}
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
