package garble

import "container/heap"

// latency is how many independent ANDs a processor can have under way at once, for the price of waiting for one: it is twenty
// rounds of AES, each of which needs the one before.
const latency = 8

// schedule orders gates so that few of them need what has only just been computed, as every gate of a carry chain does. That
// more than doubles the speed. It keeps to the given order where it can, so that not many more labels are alive at once, keeps
// the order of reveals, and keeps gates with a known input behind the reveals that they depend on.
func schedule(gates []gate, wires int) []gate {
	readers := make([][]int, len(gates)) // the gates that wait for a gate
	missing := make([]int, len(gates))   // how many gates a gate waits for
	maker := make([]int, wires)          // 1 + the gate that makes or reveals a wire
	revealed := 0                        // 1 + the last reveal
	for i, g := range gates {
		after := func(maker int) {
			if maker > 0 {
				readers[maker-1] = append(readers[maker-1], i)
				missing[i]++
			}
		}
		after(maker[g.a])
		if g.b != none {
			after(maker[g.b])
		}
		if g.op == reveal {
			after(revealed)
			revealed = i + 1
		}
		maker[g.out] = i + 1
	}

	// The time is the number of ANDs begun. Of the gates whose inputs are there, the first in the given order comes next; if
	// there is none, the one that will be soonest.
	now, ready, waiting := 0, new(queue), new(queue)
	start := make([]int, len(gates)) // when a gate's inputs are there
	for i := range gates {
		if missing[i] == 0 {
			heap.Push(ready, item{0, i})
		}
	}
	ordered := make([]gate, 0, len(gates))
	for len(ordered) < len(gates) {
		if ready.Len() == 0 {
			now = max(now, (*waiting)[0].key)
		}
		for waiting.Len() > 0 && (*waiting)[0].key <= now {
			heap.Push(ready, item{0, heap.Pop(waiting).(item).gate})
		}
		i := heap.Pop(ready).(item).gate
		ordered = append(ordered, gates[i])
		done := now
		if o := gates[i].op; o == and || o == andKnown {
			done = now + latency
			now++
		}
		for _, r := range readers[i] {
			start[r] = max(start[r], done)
			if missing[r]--; missing[r] == 0 {
				heap.Push(waiting, item{start[r], r})
			}
		}
	}
	return ordered
}

// item is a gate in a queue: the least key first, then the first gate.
type item struct{ key, gate int }

type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].key < q[j].key || q[i].key == q[j].key && q[i].gate < q[j].gate
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
