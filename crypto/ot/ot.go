// Package ot transfers input labels of a garbled circuit obliviously: a receiver gets, for each of its bits, the label of that
// bit and nothing of the other one, and the sender does not learn the bits. Two trustees need it when the third has failed; as
// long as there are three, replicated shares do without.
//
// Start with Deal, NewSender and NewReceiver. One run has two messages:
//
//	message, chosen, err := receiver.Choose(&context, bits, n)
//	corrections, err := sender.Transfer(&context, message, zeroLabels, delta)
//	labels, err := chosen.Labels(corrections)
//
// # The protocol
//
// It is the extension of Ishai, Kilian, Nissim and Petrank (CRYPTO 2003) with the consistency check of section 4, figure 10 of
// the corrected paper of Keller, Orsini and Scholl (CRYPTO 2015, ePrint 2015/546), made non-interactive by the transform of Fiat
// and Shamir.
//
//  1. Base transfers: the receiver has 128 pairs of seeds (k_i0, k_i1), the sender random bits s_i and the seeds k_i(s_i).
//  2. The receiver puts its bits into x, adds random ones up to a whole number of blocks of 128 and one more block, and sends
//     u_i = t_i + G(k_i1) + x with t_i = G(k_i0), for every column i. The sender has q_i = G(k_i(s_i)) + s_i u_i = t_i + s_i x.
//  3. A hash of everything sent so far gives challenges c_1, c_2, ... in GF(2^128). With R(v) = c_1 v_1 + c_2 v_2 + ... + v_last
//     over the blocks of a column v, the receiver also sends R(x) and all R(t_i); the sender wants R(q_i) = R(t_i) + s_i R(x).
//     The last block, which serves nothing else, hides the others.
//  4. Row k of the matrix q is row k of t, or that plus s if bit k of x is set. A hash of row k masks the zero label of transfer
//     k, a hash of row k plus s the one label; the receiver can compute one of the two.
//
// There are no public-key operations, because nobody needs to make base transfers without help: the third trustee deals them in
// advance, while it is alive. It knows both sides of what it deals. With the later messages it could read the labels, but those
// travel on the encrypted link of the other two, and trustees collude with nobody; any two that did would know everything anyway.
// So it learns nothing later. By dealing halves that do not fit it could make the check fail, and the receiver look like a cheat.
//
// # What is known of the check
//
// The paper of 2015 had another check, across the columns. Roy (SoftSpokenOT, CRYPTO 2022, ePrint 2022/192) refuted a lemma that
// its proof needs, with an attack that is not practical at 128 bits; how secure that check is in practice has stayed open. It is
// not used here. The check above works within each column: it is Roy's, for a linear universal hash, and has his proof; the
// authors took it into their corrected paper. For each challenge that a receiver tries, two different columns have the same hash
// with probability 2^-128; 128 transfers are given up for it.
//
// # What is promised
//
// Let SHA-256 be a random oracle and AES an ideal cipher. Then a sender learns nothing of the bits. A receiver, however it
// deviates, gets one label of each transfer, except that it may bet on c bits of s, and loses with probability 1 - 2^-c. The first
// lost bet ends the base: Transfer returns ErrCheat from then on, to runs under way as well. So over all runs of a base the
// chance to ever know c bits of s is 2^-c, and 128 - c unknown ones protect the other labels. This holds as long as nobody starts a
// spent base anew: delete a stored base upon ErrCheat.
//
// Both sides put 128 random bits into each run, and masks are bound to everything that the receiver sent before its response.
// Contexts may therefore repeat without harm, and nothing needs to be remembered over a restart. A context makes messages useless
// in other runs.
//
// # What is left to callers
//
// Never transfer the same labels twice: the receiver could choose differently each time and get both. Carry messages on an
// authenticated link: an altered first message costs the base, altered corrections give wrong labels. A sender may spoil the
// label of one of the two bits and see whether the receiver complains (selective failure): check labels against commitments, or
// let the receiver's bits be shares that mean nothing alone.
//
// Deal, Sender, Receiver and Chosen are safe for concurrent use. Secrets choose no branches and no addresses, apart from AES where
// a processor has no instructions for it.
package ot

import "errors"

const (
	// Base is the number of base transfers, and of bits in a block.
	Base = 128

	// MaxTransfers is the largest number of transfers in one run.
	MaxTransfers = 1 << 18

	blockBytes = Base / 8
	nonceBytes = 16
	pairBytes  = 2 * blockBytes // of the corrections for one transfer
)

// ErrCheat is returned when a receiver's message fails the check, and from then on for every message under that base.
var ErrCheat = errors.New("oblivious transfer refused, its base is spent: the receiver or the dealer cheated")

// MessageBytes is the length of a receiver's first message for n transfers: a nonce, the columns u_i, R(x) and the R(t_i).
func MessageBytes(n int) int { return nonceBytes + columnsBytes(n) + responseBytes }

// CorrectionsBytes is the length of a sender's answer for n transfers: a nonce, and two masked labels each.
func CorrectionsBytes(n int) int { return nonceBytes + n*pairBytes }

// blocksOf is the number of blocks in a column for n transfers: with room for them, and one more.
func blocksOf(n int) int { return (n+Base-1)/Base + 1 }

func columnsBytes(n int) int { return Base * blocksOf(n) * blockBytes }
