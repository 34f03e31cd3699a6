package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cipherbid/crypto/directory"
	"cipherbid/crypto/keys"
)

// Files of a market folder.
const (
	DirectoryFile = "directory.json"
	OperatorFile  = "operator.key"

	periodInfix = ".period-" // not in an id, so that a period key cannot be taken for an identity or another trustee's key
)

// KeyFile names the private key file of a party: role is auctioneer, bidder, publisher or trustee.
func KeyFile(role, id string) string { return role + "-" + id + ".key" }

// PeriodKeyFile names the private key file of a trustee for one period.
func PeriodKeyFile(id string, period uint32) string {
	return fmt.Sprintf("trustee-%s%s%d.key", id, periodInfix, period)
}

// secret is the format of key files.
type secret struct {
	Kind   string `json:"kind"` // "identity" or the suite of a period key
	ID     string `json:"id"`
	Secret []byte `json:"secret"`
}

const identityKind = "identity"

// Save writes the folder: the signed directory and one private key file for each party, readable by the owner only. Every file
// is replaced whole or not at all. Period keys of earlier periods are overwritten and removed.
func (k *Keyring) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("save keys: %w", err)
	}
	signed, err := k.Signed()
	if err != nil {
		return err
	}
	err = errors.Join(
		saveIdentity(dir, OperatorFile, "operator", k.Operator),
		saveIdentity(dir, KeyFile("auctioneer", k.file.Auctioneer.ID), k.file.Auctioneer.ID, k.Auctioneer),
	)
	for id, key := range k.Bidders {
		err = errors.Join(err, saveIdentity(dir, KeyFile("bidder", id), id, key))
	}
	for id, key := range k.Publishers {
		err = errors.Join(err, saveIdentity(dir, KeyFile("publisher", id), id, key))
	}
	for i, t := range k.file.Trustees {
		err = errors.Join(err, saveIdentity(dir, KeyFile("trustee", t.ID), t.ID, k.Trustees[i].Identity))
		raw, keyErr := k.Trustees[i].Period.Bytes()
		if keyErr != nil {
			return fmt.Errorf("save period key: %w", keyErr)
		}
		err = errors.Join(err, saveSecret(dir, PeriodKeyFile(t.ID, k.file.Period.Number), secret{string(k.file.Suite), t.ID, raw}))
	}
	if err != nil {
		return err
	}
	// The directory comes after the keys that it names, and old keys go last: a crash in between loses nothing.
	if err := writeFile(dir, DirectoryFile, signed, 0o644); err != nil {
		return err
	}
	for _, t := range k.file.Trustees {
		if err := DestroyOldPeriodKeys(dir, t.ID, k.file.Period.Number); err != nil {
			return err
		}
	}
	return nil
}

func saveIdentity(dir, name, id string, key keys.Identity) error {
	return saveSecret(dir, name, secret{identityKind, id, key.Seed()})
}

func saveSecret(dir, name string, s secret) error {
	defer clear(s.Secret)
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("save %s: %w", name, err)
	}
	defer clear(b)
	return writeFile(dir, name, append(b, '\n'), 0o600)
}

func writeFile(dir, name string, b []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(dir, name+".*.tmp")
	if err != nil {
		return fmt.Errorf("save %s: %w", name, err)
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return fmt.Errorf("save %s: %w", name, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}

// DestroyOldPeriodKeys overwrites and removes the period keys of a trustee before the given period. On file systems and disks
// that copy on write, overwritten bytes may survive below.
func DestroyOldPeriodKeys(dir, id string, current uint32) error {
	prefix := "trustee-" + id + periodInfix
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("destroy old keys: %w", err)
	}
	for _, e := range entries {
		var number uint32
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		if _, err := fmt.Sscanf(strings.TrimPrefix(e.Name(), prefix), "%d.key", &number); err != nil || number >= current {
			continue
		}
		path := filepath.Join(dir, e.Name())
		// Operator and trustee may both be at it: what is gone is gone.
		if err := errors.Join(overwrite(path), os.Remove(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("destroy old key %s: %w", e.Name(), err)
		}
	}
	return nil
}

// overwrite puts zeros in the place of a file's bytes. It must not truncate first, which would free the blocks that hold them.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size()))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// LoadIdentity reads an identity.
func LoadIdentity(path string) (keys.Identity, error) {
	s, err := loadSecret(path, identityKind)
	if err != nil {
		return keys.Identity{}, err
	}
	defer clear(s.Secret)
	id, err := keys.IdentityFromSeed(s.Secret)
	if err != nil {
		return keys.Identity{}, fmt.Errorf("key file %s: %w", path, err)
	}
	return id, nil
}

// LoadPeriodKey reads a trustee's period key.
func LoadPeriodKey(path string, suite keys.Suite) (*keys.BoxKey, error) {
	s, err := loadSecret(path, string(suite))
	if err != nil {
		return nil, err
	}
	defer clear(s.Secret)
	key, err := keys.ParseBoxKey(suite, s.Secret)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

// loadSecret's errors name the file, never what it holds.
func loadSecret(path, kind string) (secret, error) {
	var s secret
	info, err := os.Stat(path)
	if err != nil {
		return s, fmt.Errorf("key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return s, fmt.Errorf("key file %s can be read by others: run chmod 600 on it", path)
	}
	if info.Size() > 1<<16 {
		return s, fmt.Errorf("key file %s is too large", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("key file: %w", err)
	}
	defer clear(b)
	if json.Unmarshal(b, &s) != nil {
		return s, fmt.Errorf("key file %s is not JSON of the expected form", path)
	}
	if s.Kind != kind {
		return s, fmt.Errorf("key file %s holds a key of kind %q, want %q", path, s.Kind, kind)
	}
	return s, nil
}

// Load reads a folder that Save wrote.
func Load(dir string) (*Keyring, error) {
	operator, err := LoadIdentity(filepath.Join(dir, OperatorFile))
	if err != nil {
		return nil, err
	}
	d, err := directory.Load(filepath.Join(dir, DirectoryFile), operator.Public())
	if err != nil {
		return nil, err
	}
	k := &Keyring{Operator: operator, Bidders: map[string]keys.Identity{}, Publishers: map[string]keys.Identity{}, file: d.File()}
	load := func(role, id string) keys.Identity {
		key, loadErr := LoadIdentity(filepath.Join(dir, KeyFile(role, id)))
		err = errors.Join(err, loadErr)
		return key
	}
	k.Auctioneer = load("auctioneer", k.file.Auctioneer.ID)
	for _, b := range k.file.Bidders {
		k.Bidders[b.Seat] = load("bidder", b.Seat)
	}
	for _, p := range k.file.Publishers {
		k.Publishers[p.ID] = load("publisher", p.ID)
	}
	for i, t := range k.file.Trustees {
		k.Trustees[i].Identity = load("trustee", t.ID)
		var keyErr error
		k.Trustees[i].Period, keyErr = LoadPeriodKey(filepath.Join(dir, PeriodKeyFile(t.ID, k.file.Period.Number)), k.file.Suite)
		err = errors.Join(err, keyErr)
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}
