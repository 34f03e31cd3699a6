package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// readFile reads a file of at most max bytes.
func readFile(path string, max int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > max {
		return nil, fmt.Errorf("longer than %d bytes", max)
	}
	return b, nil
}

// decodeStrict reads exactly one JSON value into v and refuses members that v does not have.
func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more after the end of the JSON value")
	}
	return nil
}

// writeJSON replaces path by v as indented JSON. A reader sees the old file or the whole new one.
func writeJSON(path string, v any, mode fs.FileMode) (err error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(append(b, '\n')); err != nil {
		return err
	}
	if err = tmp.Chmod(mode); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// featureMapFile is the feature map's file format.
type featureMapFile struct {
	Version  int      `json:"version"`
	Dim      int      `json:"dim"`
	Features []string `json:"features"`
}

// LoadFeatureMap reads a feature map file.
func LoadFeatureMap(path string) (*FeatureMap, error) {
	b, err := readFile(path, MaxFeatureMapBytes)
	if err != nil {
		return nil, fmt.Errorf("read feature map %s: %w", path, err)
	}
	m, err := ParseFeatureMap(b)
	if err != nil {
		return nil, fmt.Errorf("feature map %s: %w", path, err)
	}
	return m, nil
}

// ParseFeatureMap reads a feature map from the bytes of its file.
func ParseFeatureMap(b []byte) (*FeatureMap, error) {
	if len(b) > MaxFeatureMapBytes {
		return nil, fmt.Errorf("longer than %d bytes", MaxFeatureMapBytes)
	}
	var f featureMapFile
	if err := decodeStrict(b, &f); err != nil {
		return nil, err
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("version %d, want 1", f.Version)
	}
	return NewFeatureMap(f.Dim, f.Features)
}

// Save writes the map's file, replacing path at once or not at all.
func (m *FeatureMap) Save(path string) error {
	if err := writeJSON(path, featureMapFile{Version: 1, Dim: m.dim, Features: m.features}, 0o644); err != nil {
		return fmt.Errorf("save feature map: %w", err)
	}
	return nil
}

// LoadGLM reads a model file made for the feature map.
func LoadGLM(path string, m *FeatureMap) (*GLM, error) {
	b, err := readFile(path, MaxModelBytes)
	if err != nil {
		return nil, fmt.Errorf("read model %s: %w", path, err)
	}
	g, err := ParseGLM(b, m)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", path, err)
	}
	return g, nil
}

// ParseGLM reads a model from the bytes of its file.
func ParseGLM(b []byte, m *FeatureMap) (*GLM, error) {
	if len(b) > MaxModelBytes {
		return nil, fmt.Errorf("longer than %d bytes", MaxModelBytes)
	}
	var s Spec
	if err := decodeStrict(b, &s); err != nil {
		return nil, err
	}
	return NewGLM(s, m)
}

// Save writes the model's file, replacing path at once or not at all. The file is readable by its owner alone.
func (g *GLM) Save(path string) error {
	if err := writeJSON(path, g.spec, 0o600); err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	return nil
}
