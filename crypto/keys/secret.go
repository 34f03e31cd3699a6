package keys

// secret keeps a private key where fmt, log/slog and encoding/json cannot look. A String method alone does not: fmt calls no
// methods of unexported fields, nor for verbs such as %d, but prints their bytes.
type secret[T any] func() T

func hide[T any](v T) secret[T] { return func() T { return v } }
