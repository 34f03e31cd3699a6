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

func (c *Trustee) check() error { return require(append(c.server(), field{"state", c.State})...) }

func (c *Bidder) check() error {
	return require(append(c.server(), field{"features", c.Features}, field{"model", c.Model})...)
}

func (c *Auctioneer) check() error {
	if c.NetworkReserveMS < 0 || c.RankReserveMS < 0 {
		return errors.New("reserves must not be negative")
	}
	return require(c.server()...)
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
