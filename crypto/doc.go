// Package crypto is the page where the encrypted auction is described for reviewers; the code is in its subpackages. They
// know nothing of HTTP, bidders' models or auctions, and only they import lattigo.
//
//	params     parameter sets, validated against the limits for 128-bit security
//	lattice    ring arithmetic: transforms, samplers, rounding, the fold, ternary dot products
//	scheme     the seam: what a scheme does; ckks implements it, plain is the plaintext stand-in
//	wire       bounds-checked reading and writing; message has every message and its codec
//	keys       identities (Ed25519), period keys (HPKE), sessions (AES-256-GCM)
//	directory  the signed file in which parties find each other; keyring makes one
//	agent      the user agent: encrypts a request
//	bidding    the bidder: answers it
//	garble     garbled circuits; ot, oblivious transfer of their labels
//	sealed     sealed ranking: winner and price from shares, without opening bids
//	trustee    the trustee: opens answers, once, or ranks them with the others
//	textbook   the slot-packed CKKS dot product that everything is compared with; used by benchmarks only
//
// # Parties and what they may see
//
//	user agent   has the features x and a key that lives for one auction; learns which ad is shown
//	bidder       has private weights w; learns whether it won, and at what price
//	auctioneer   has nothing secret; learns who took part, the winner and the price
//	trustees     three, each with one HPKE key for a period; learn who took part, one of them who won
//	open ranker  a baseline, here part of the auctioneer: learns every bid, and with one bidder's help the features
//
// # One auction
//
// Notation as in package ckks: a, a2 public and uniform, fixed by market, parameters and period; s = s0 + s1 + s2 the auction's
// key; t_k the coefficient that is campaign k's lane.
//
//  1. Once a period, a bidder draws a ternary mask v and an error e1, and sends each trustee its hint
//     c1 = w a2 + v a + e1, rounded to modulus 2^32, with a session key.
//  2. The user agent draws three seeds. Seed j gives s_j and e'_j, hence b_j = -a s_j + e'_j. It publishes
//     c0 = -a2 s + e + Delta x and b = b0 + b1 + b2, and boxes for trustee i the seeds j != i. The boxes are bound to the
//     request's digest, which covers everything public: terms, c0, b, and the digests of b0, b1, b2. A publisher signs it.
//  3. A bidder computes y_k, coefficient t_k of w c0 + v b, adds its bias, rounds to modulus 2^32, splits it into
//     p0 + p1 + p2, commits to each with a salt, and boxes for trustee i the parts j != i.
//  4. The auctioneer lists the answers in a manifest, signs it and forwards to each trustee what is for it.
//  5. A trustee checks publisher, auctioneer, time, digests, commitments and b, pins the request to the manifest on disk, and
//     forms z_j = p_j + coefficient t_k of c1 s_j for its two j. z0 + z1 + z2 is the log-bid: a replicated 2-of-3 sharing.
//  6. Sealed ranking computes winner and price of the shares in garbled circuits, see package sealed. Open ranking adds the shares
//     up, comparing each with its second holder's.
//
// # Why x is hidden
//
// From bidders, the auctioneer and the public: c0 and b are ring-LWE samples under s with two public elements, b being the
// public key and c0 the ciphertext of an ordinary (secret-key) encryption. From trustee i: it lacks s_i, and what it knows of
// s leaves ring-LWE samples under s_i; the digest of b_i shows nothing that b does not. From two trustees: not at all.
//
// # Why w is hidden
//
// The hint is a ring-LWE sample under v plus w a2: pseudo-random, as long as v serves one hint. The lanes y would be linear
// equations in w and v; they leave the bidder only as three parts of which any one trustee gets two, uniform without the
// third. With an honest b (which two trustees check between them) (y, c1) is a fresh ciphertext of the log-bids plus an
// encryption of zero, so opened log-bids show w only through bids. A user agent that forged b could read v through bids.
//
// # Why an auction cannot be bent
//
// Whoever alters a request, re-randomises its ciphertext or changes sealed into open changes the digest, and no box opens. An
// answer to another request's ciphertext decrypts to noise under this one's key; its boxes are bound to that other digest in
// any case. A crafted hint or answer gives its bidder some bid of its own and touches no other. Trustees that contradict each
// other on a share stop the auction. A trustee serves one manifest for one request, or an auctioneer could open subsets.
//
// The attacks that these defences are for stand as tests in ckks, sealed, garble, ot, trustee and auction.
package crypto
