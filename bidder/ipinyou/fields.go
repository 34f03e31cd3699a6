package ipinyou

import (
	"bytes"
	"errors"
)

// maxColumns bounds the columns of a line; the widest known layout has 27.
const maxColumns = 128

var (
	errColumns = errors.New("too many columns")
	errQuote   = errors.New("quote does not end its field")
)

// splitLine appends the fields of one line to dst. Commas come with RFC 4180 quoting inside one line; TAB files have no
// quoting, since official logs hold raw user agents. Unquoted fields alias line; so do quoted ones, which are unescaped
// in place: line is consumed.
func splitLine(line []byte, sep byte, dst [][]byte) ([][]byte, error) {
	for {
		if len(dst) == maxColumns {
			return dst, errColumns
		}
		if sep == ',' && len(line) > 0 && line[0] == '"' {
			field, rest, err := unquote(line[1:])
			if err != nil {
				return dst, err
			}
			dst = append(dst, field)
			if len(rest) == 0 {
				return dst, nil
			}
			if rest[0] != sep {
				return dst, errQuote
			}
			line = rest[1:]
			continue
		}
		i := bytes.IndexByte(line, sep)
		if i < 0 {
			return append(dst, line), nil
		}
		dst, line = append(dst, line[:i]), line[i+1:]
	}
}

// unquote reads up to the closing quote, turning doubled quotes into one, and returns the field and what follows.
func unquote(s []byte) (field, rest []byte, err error) {
	w := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			if i+1 == len(s) || s[i+1] != '"' {
				return s[:w], s[i+1:], nil
			}
			i++
		}
		s[w] = s[i]
		w++
	}
	return nil, nil, errQuote
}
