package market

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// hush passes log records on until the market closes: that parties lose each other then is no news.
type hush struct {
	slog.Handler
	closing *atomic.Bool
}

func (h hush) Enabled(ctx context.Context, l slog.Level) bool {
	return !h.closing.Load() && h.Handler.Enabled(ctx, l)
}

func (h hush) WithAttrs(a []slog.Attr) slog.Handler { return hush{h.Handler.WithAttrs(a), h.closing} }

func (h hush) WithGroup(name string) slog.Handler { return hush{h.Handler.WithGroup(name), h.closing} }
