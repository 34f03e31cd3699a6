//go:build !amd64

package garble

func kernels() []engine { return nil }
