package main

import (
	"fmt"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far a command is, on standard error: a bar on a terminal, else a line every few seconds.
type progress struct {
	name  string
	bars  *mpb.Progress
	bar   *mpb.Bar
	total int
	last  time.Time
}

const lineEvery = 2 * time.Second

func newProgress(name string, total int) *progress {
	p := &progress{name: name, total: total, last: time.Now()}
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		p.bars = mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(50))
		p.bar = p.bars.AddBar(int64(total), mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(name+" "), decor.CountersNoUnit("%d/%d ")),
			mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)))
	}
	return p
}

func (p *progress) set(done, total int) {
	if p.bar != nil {
		p.bar.SetCurrent(int64(done))
		return
	}
	if now := time.Now(); now.Sub(p.last) > lineEvery {
		p.last = now
		fmt.Fprintf(os.Stderr, "%s: %d of %d\n", p.name, done, total)
	}
}

// done removes the bar.
func (p *progress) done() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}
