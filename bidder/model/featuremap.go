package model

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MinDim and MaxDim bound the dimension of a feature map, a power of two.
	MinDim = 8
	MaxDim = 1024

	// maxFields bounds the distinct fields of a map, so that one word can mark those that an encoding has met.
	maxFields = 64
)

// Values with a meaning of their own: Other stands for values of the field that the map does not list, None for the
// absence of the field. Either counts only where the map lists it.
const (
	Other = "other"
	None  = "none"
)

// Attribute is one private attribute of a user. A field may occur several times with different values.
type Attribute struct {
	Field, Value string
}

// FeatureMap assigns each private feature its position in the vector x. It is immutable and safe for concurrent use.
type FeatureMap struct {
	dim      int
	features []string
	index    map[string]int
	fields   map[string]int // field -> position in slots
	slots    []fieldSlots
	digest   string
}

// fieldSlots holds the positions of one field's values; other and none are -1 where the map does not list them.
type fieldSlots struct {
	values      map[string]int
	other, none int
}

// NewFeatureMap makes a map of the given dimension, a power of two from [MinDim] to [MaxDim]. A feature is field=value,
// and its index is its position. Positions beyond the features stay zero.
func NewFeatureMap(dim int, features []string) (*FeatureMap, error) {
	if dim < MinDim || dim > MaxDim || bits.OnesCount(uint(dim)) != 1 {
		return nil, fmt.Errorf("dim %d is not a power of two from %d to %d", dim, MinDim, MaxDim)
	}
	if len(features) == 0 || len(features) > dim {
		return nil, fmt.Errorf("%d features, want 1 to dim %d", len(features), dim)
	}
	m := &FeatureMap{
		dim:      dim,
		features: slices.Clone(features),
		index:    make(map[string]int, len(features)),
		fields:   make(map[string]int),
	}
	for i, name := range features {
		field, value, err := splitName(name)
		if err != nil {
			return nil, fmt.Errorf("feature %d: %w", i, err)
		}
		if _, ok := m.index[name]; ok {
			return nil, fmt.Errorf("feature %d: %s is listed twice", i, name)
		}
		m.index[name] = i
		at, ok := m.fields[field]
		if !ok {
			if len(m.slots) == maxFields {
				return nil, fmt.Errorf("feature %d: more than %d fields", i, maxFields)
			}
			at = len(m.slots)
			m.fields[field] = at
			m.slots = append(m.slots, fieldSlots{values: make(map[string]int), other: -1, none: -1})
		}
		switch s := &m.slots[at]; value {
		case Other:
			s.other = i
		case None:
			s.none = i
		default:
			s.values[value] = i
		}
	}
	m.digest = m.sum()
	return m, nil
}

// splitName splits field=value and checks both.
func splitName(name string) (field, value string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	field, value, ok := strings.Cut(name, "=")
	if !ok || field == "" || value == "" {
		return "", "", fmt.Errorf("%q is not field=value", name)
	}
	return field, value, nil
}

// checkName accepts 1 to MaxNameBytes of printable UTF-8.
func checkName(s string) error {
	if s == "" {
		return errors.New("empty name")
	}
	if len(s) > MaxNameBytes {
		return fmt.Errorf("name of %d bytes, at most %d", len(s), MaxNameBytes)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("name %q holds control characters or is not UTF-8", s)
	}
	return nil
}

// sum hashes a tag, the dimension and the features, each with its length before it.
func (m *FeatureMap) sum() string {
	b := []byte("cipherbid feature map 1\n")
	b = binary.BigEndian.AppendUint32(b, uint32(m.dim))
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.features)))
	for _, f := range m.features {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Dim returns the length of the vectors, and of the weights that refer to them.
func (m *FeatureMap) Dim() int { return m.dim }

// Features returns a copy of the feature names in order.
func (m *FeatureMap) Features() []string { return slices.Clone(m.features) }

// Index returns the position of a feature.
func (m *FeatureMap) Index(feature string) (int, bool) {
	i, ok := m.index[feature]
	return i, ok
}

// Digest identifies the map: the hexadecimal SHA-256 of its dimension and features.
func (m *FeatureMap) Digest() string { return m.digest }

// Encode returns the vector of a user: 1 at each feature the user has, 0 elsewhere, so within [-1, 1]. It writes to dst
// if that holds Dim values, and allocates otherwise. Unknown fields, and unknown values of fields without [Other], are
// ignored.
func (m *FeatureMap) Encode(attrs []Attribute, dst []float64) []float64 {
	if cap(dst) < m.dim {
		dst = make([]float64, m.dim)
	}
	dst = dst[:m.dim]
	clear(dst)
	var met uint64
	for _, a := range attrs {
		at, ok := m.fields[a.Field]
		if !ok {
			continue
		}
		met |= 1 << at
		s := &m.slots[at]
		i, ok := s.values[a.Value]
		if !ok {
			i = s.other
		}
		if i >= 0 {
			dst[i] = 1
		}
	}
	for at := range m.slots {
		if none := m.slots[at].none; none >= 0 && met&(1<<at) == 0 {
			dst[none] = 1
		}
	}
	return dst
}
