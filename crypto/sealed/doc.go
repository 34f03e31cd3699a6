// Package sealed ranks log-bids that nobody sees: from replicated shares to the winning lane and the clearing price, by garbled
// circuits of three trustees. It is pure computation; package trustee sends the messages. Start with [Plans] and [Runs]; then the
// garbler calls [Run.Garble], the checker [Run.Check], the evaluator [Run.Evaluate], and the auctioneer [Run.Read].
//
// # What is computed
//
// A lane is shared as z_0 + z_1 + z_2 modulo 2^32, trustee i lacking z_i. Each share is cut to 24 bits ([Cut]) and the circuit adds
// them. A lane counts if it is in range and at most its cap, and if both garblers could open its bid. The highest lane wins if it
// reaches the floor; ties are decided by a draw from the request's digest. The price is the highest lane of another seat, or the
// floor, rounded down to the request's grid inside the circuit: it is never opened and then rounded. Function Rank of package
// auction, on lanes that are sums of cut shares, is the reference.
//
// Lanes that are out of range or above their cap lose silently. A flag for each would be an oracle: crafted answers read many
// features in one auction through it.
//
// # The protocol
//
// The setting is that of Mohassel, Rosulek and Zhang (CCS 2015): two garblers and an evaluator, one of whom may be malicious. Number
// the shares by parts: the garbler holds x_1 and x_2, the checker x_0 and x_2, the evaluator x_0 and x_1. So every share that goes
// into the circuit is known to two, and no oblivious transfer is needed. [RolesOf] draws the parts from the request's digest.
//
//  1. Garbler and checker derive a seed from the secret of their link, and both garble the circuit from it (package garble). The
//     garbler has the evaluator get the tables, in advance or now.
//  2. Garbler to evaluator: the labels of x_1 and of what all know (caps, ranks, floor) and of x_2; the key of the hash under a mask;
//     the colours of the labels of zero of the checker's inputs.
//  3. Checker to evaluator: the labels of x_0; the mask; the digest of the tables; digests of the labels of x_2 and of what all know;
//     the colours of the labels of zero of the garbler's inputs. Both also send the bits that reveal the winner.
//  4. The evaluator compares: tables with their digest, labels of x_2 with theirs, and, reading x_1 and x_0 from labels and colours, both
//     with its own shares. It evaluates and learns the winner. It sends the auctioneer the labels of the outputs.
//  5. The checker sends the auctioneer the hashes of both labels of every output, the garbler the digest of these. The auctioneer reads
//     winner and price, and refuses labels that are not in the table.
//
// Two hops: 2 and 3 at once, then 4 and 5.
//
// # Why it is safe, against one malicious trustee
//
// The evaluator's view. It gets one label for each input, tables, and the colours of labels whose values it holds itself. Half gates
// are private under the hash's assumption (Zahur, Rosulek and Evans, EUROCRYPT 2015; Guo et al., S&P 2020): tables, labels and
// revealed bits can be simulated from the winner alone. The colours say what it knows: x_0, x_1 and which bids both could open.
// Prices stay labels: only the table tells what they mean, and the evaluator does not get it. The outputs' hashes go to the auctioneer,
// which gets one label of each output: it can find the hash of that label, and nothing else follows from the other.
//
// A malicious garbler or checker sees no message of anybody. It can send something wrong, of which it learns at most whether the
// evaluator went on. Wrong tables differ from the digest. A wrong share of x_1 or x_0, with a label of the circuit, has the other colour.
// A wrong label for x_2 has another digest. What is no label of the circuit at all makes every gate behind it give labels that are
// none, because a half gate hashes both its inputs whatever their values are, and every input reaches the winner's path: the auctioneer
// refuses, whatever the bids are. So no failure depends on bids, and none tells of them. A wrong digest, colour or mask makes the
// evaluator stop, whatever the bids are.
//
// Which answers a garbler could open is its own word. The checker sends no digest of the labels of x_2 for an answer that it could not
// open, and the evaluator requires that this agrees with the flag that it reads, so that no flipped colour switches a comparison off.
// The auctioneer compares the flags that the evaluator has read with what garbler and checker say ([Run.CheckOpened]): leaving a bid out
// is possible, but not in silence. Of an answer that the evaluator could not open itself it cannot compare x_0 and x_1.
//
// A malicious evaluator can stop, or send labels that it has: those of the outcome. Forging another label of an output is guessing 128
// bits. It cannot use one circuit for two inputs, because trustees serve each attempt at an auction once ([Run] has the details of what
// an attempt is bound to), and cannot combine legs of different auctions: the hash's key is masked by a function of manifest, imp, attempt,
// parts, circuit and shape, so that legs that do not belong together leave it with a random key.
//
// Trustees that are asked again, after a failure, must be able to open the same answers as before. With a bid less, a second attempt would
// open the runner-up. What is left: a bidder that gives one trustee a box that does not open is counted or not depending on who garbles; in
// league with an auctioneer that makes an attempt fail, it can see two outcomes of one auction, with its bid and without. Without the
// third trustee, where the evaluator puts in a share by itself, each garbles once for a request.
//
// # With one trustee absent
//
// The other two go on, if both have lost their links to the absent one: see [Run.Choose], [Run.GarbleAlone] and [Run.EvaluateAlone]. The
// share that the garbler lacks goes in by oblivious transfer (package ot), which takes one hop more. Nobody checks the garbler then: with
// one trustee gone, the privacy of bids and the right outcome rest on the garbler not being malicious; against a curious one, and against a
// malicious evaluator, everything holds as before.
//
// # Circuits in stock
//
// Tables do not depend on shares, so circuits are made in idle time ([MakeStocked]) and lie at the evaluator, named by a [message.Ticket].
// The hash's key and the revealing bits stay back until the auction, so that no input can depend on readable tables. A stock ends with the
// session of the garblers' link. Which circuit serves an auction is the auctioneer's choice; the masks bind it, and both garblers use a
// circuit once.
//
// Everything here is immutable or safe for concurrent use unless it says otherwise. Nothing panics on hostile input. Secrets are wiped by
// nobody but the garbage collector.
package sealed
