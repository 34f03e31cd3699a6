package econ

import (
	"context"
	"runtime"
	"sync"
)

// Each calls do for 0 to n-1, on as many goroutines as may run at once, and returns the first error, or ctx's if that ends before
// the work.
func Each(ctx context.Context, n int, do func(i int) error) error {
	var mu sync.Mutex
	var first error
	next := 0
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next < n && first == nil {
			first = ctx.Err()
		}
		if next == n || first != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := do(i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return first
}
