/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.pml - push, suppression, drain and switch of the flush ring, for two
 * vCPUs on two harts with store buffers (docs/abi.md, "The flush ring").
 *
 *	hart 0: changes a PTE, invalidates in its own ring and in hart 1's
 *	hart 1: uses the page, switches address spaces, leaves and enters its guest
 *
 * What is modelled:
 *	push(), invalidate()	the guest's steps, docs/abi.md; guest-linux-patches
 *	drain()			ssp_ring_drain() of hmcode/ssp/ring.c, then hm_fence()
 *	fault()			ssp_fault() of hmcode/ssp/fault.c, ssp_ring_caches()
 *	flush_all()		ssp_flush_all() of hmcode/ssp/flush.c, ssp_ring_caches_nothing()
 *	enter(), leave()	hm_ring_enter(), hm_ring_leave() of hmcode/mmu/ring.c
 * A push into another vCPU's ring is what version 1's orderings leave room for.
 *
 * A hart's stores become visible in any order until a fence; its loads are in
 * order.  A PTE's value is its age, so an access through an older one than what
 * a finished flush covers is wrong: that is the first assertion.  The second is that
 * CACHED never saves the hart a commit of its own ring: the load that reads the
 * flag is fetched through a translation of the engine's.
 *
 * -DBREAK_... takes one ordering or step away; each must be found (Makefile).
 */

#define CHANGES		2

/* Memory: the PTE, and of each ring head, entries and flags. */
#define PTE		0
#define HEAD(r)		(1 + 4 * (r))
#define ENTRY(r, n)	(2 + 4 * (r) + (n) % 2)
#define FLAGS(r)	(4 + 4 * (r))
#define WORDS		9

#define CACHED		1
#define RUNNING		2

byte memory[WORDS];
bool buffered[2 * WORDS];	/* by hart and word */
byte buffer[2 * WORDS];

/* What the engine knows by itself. */
byte tail[2], flags[2];
bool remote_fence;		/* SBI: hart 1 is asked to drain, hart 0 waits */

/* Translations: the age of the PTE that each was made from, and 1; 0: none. */
byte shadow[4];			/* by hart and root */
byte tlb[2];
bit root[2];

byte flushed;			/* no older PTE may be used from now on */

#define slot(hart, word)	((hart) * WORDS + (word))

inline store(hart, word, value) {
	atomic { buffered[slot(hart, word)] = true; buffer[slot(hart, word)] = value }
}

inline load(hart, word, into) {
	into = (buffered[slot(hart, word)] -> buffer[slot(hart, word)] : memory[word])
}

#define visible(hart)						\
	(!buffered[slot(hart, 0)] && !buffered[slot(hart, 1)] &&	\
	 !buffered[slot(hart, 2)] && !buffered[slot(hart, 3)] &&	\
	 !buffered[slot(hart, 4)] && !buffered[slot(hart, 5)] &&	\
	 !buffered[slot(hart, 6)] && !buffered[slot(hart, 7)] &&	\
	 !buffered[slot(hart, 8)])

inline fence(hart) {
	visible(hart)
}

/* ---- the engine, on the hart whose ring it is ---- */

inline publish(hart) {
	store(hart, FLAGS(hart), flags[hart])
}

inline drain(hart) {
	found = false;
	load(hart, HEAD(hart), head);
	fence(hart);
	do
	:: tail[hart] != head ->
		load(hart, ENTRY(hart, tail[hart]), entry);
		/* Anything else is an older entry, about something else. */
		if
		:: entry == tail[hart] + 1 -> found = true
		:: else
		fi;
		tail[hart]++
	:: else -> break
	od;
	if
	:: found ->
		shadow[2 * hart + root[hart]] = 0;
#ifndef BREAK_OTHER_ROOT
		shadow[2 * hart + 1 - root[hart]] = 0;
#endif
#ifndef BREAK_HART_FENCE
		tlb[hart] = 0
#endif
	:: else
	fi
}

/* Fill the current root's shadow from the PTE. */
inline fault(hart) {
#ifdef BREAK_CACHED_ORDER
	load(hart, PTE, pte);
#endif
	if
	:: !(flags[hart] & CACHED) ->
		flags[hart] = flags[hart] | CACHED;
		publish(hart);
#ifndef BREAK_CACHED_FENCE
		fence(hart)
#endif
	:: else
	fi;
#ifndef BREAK_CACHED_ORDER
	load(hart, PTE, pte);
#endif
	shadow[2 * hart + root[hart]] = pte + 1
}

inline flush_all(hart) {
	atomic { shadow[2 * hart] = 0; shadow[2 * hart + 1] = 0; tlb[hart] = 0 };
	flags[hart] = flags[hart] & ~CACHED;
	publish(hart)
}

/* An instruction is executed: its page was filled before, by the same rules. */
inline fetch(hart) {
	if
	:: !(flags[hart] & CACHED) ->
		flags[hart] = flags[hart] | CACHED;
		publish(hart);
		fence(hart)
	:: else
	fi
}

/* ---- the guest ---- */

/* An access: the hart may have the translation, or walk the shadow; else it faults. */
inline access(hart) {
	if
	:: tlb[hart] -> assert(tlb[hart] > flushed)
	:: shadow[2 * hart + root[hart]] ->
		atomic {
			tlb[hart] = shadow[2 * hart + root[hart]];
			assert(tlb[hart] > flushed)
		}
	:: !tlb[hart] && !shadow[2 * hart + root[hart]] -> fault(hart)
	fi
}

/* Another address space: the hart's entries are of another ASID, hence not used. */
inline switch_root(hart) {
	atomic { root[hart] = 1 - root[hart]; tlb[hart] = 0 }
}

inline push(hart, ring, count) {
	store(hart, ENTRY(ring, count), count + 1);
#ifndef BREAK_PUSH_FENCE
	fence(hart);
#endif
	store(hart, HEAD(ring), count + 1)
}

proctype producer()
{
	byte count, flag, head, entry, pte;
	bool found;

	do
	:: count < CHANGES ->
		do
		:: access(0)
		:: break
		od;
		store(0, PTE, count + 1);
		if
		:: flush_all(0)
		:: skip
		fi;

		/* Its own ring: a commit is a fence that traps. */
		push(0, 0, count);
#ifndef BREAK_FLAG_FENCE
		fence(0);
#endif
#ifndef BREAK_FETCH
		fetch(0);
#endif
		load(0, FLAGS(0), flag);
		assert(flag & CACHED);
		if
#ifndef BREAK_COMMIT
		:: flag & CACHED -> drain(0)
#endif
		:: else
		fi;

		/* The other's. */
		push(0, 1, count);
#ifndef BREAK_FLAG_FENCE
		fence(0);
#endif
		load(0, FLAGS(1), flag);
		if
#ifndef BREAK_REMOTE
		:: (flag & CACHED) && (flag & RUNNING) ->
			remote_fence = true;
			!remote_fence
#endif
		:: else
		fi;
		count++;
		flushed = count
	:: else -> break
	od;
	do
	:: access(0)
	:: break
	od
}

inline enter(hart) {
#ifdef BREAK_RUNNING_ORDER
	drain(hart);
#endif
	flags[hart] = flags[hart] | RUNNING;
	publish(hart);
#ifndef BREAK_RUNNING_FENCE
	fence(hart);
#endif
#ifndef BREAK_RUNNING_ORDER
	drain(hart);
#endif
	running = true
}

/* Nobody waits for who does not run: it drains before it does. */
inline leave(hart) {
	running = false;
	fence(hart);
	flags[hart] = flags[hart] & ~RUNNING;
	publish(hart);
	remote_fence = false
}

proctype target()
{
	byte head, entry, pte;
	bool found, running;

end:	do
	:: running -> access(1)
	:: running -> switch_root(1)
	:: running && remote_fence -> drain(1); remote_fence = false
	:: running -> flush_all(1)
	:: running -> leave(1)
	:: !running -> enter(1)
	od
}

/* A store leaves its buffer sometime. */
proctype buffers()
{
	byte i;

end:	do
	:: atomic {
		i = 0;
		do
		:: i < 2 * WORDS - 1 -> i++
		:: break
		od;
		if
		:: buffered[i] -> memory[(i < WORDS -> i : i - WORDS)] = buffer[i]; buffered[i] = false
		:: else
		fi;
		i = 0
	}
	od
}

init {
	atomic {
		flags[0] = RUNNING;
		memory[FLAGS(0)] = RUNNING;
		run producer();
		run target();
		run buffers()
	}
}
