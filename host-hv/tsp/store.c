/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.c - a store to a guest table: decode, perform, follow.
 *
 *	decode --> translate (the other page) --> perform on guest memory
 *	   |                                       |
 *	   | not decoded                      entries of all shadow tables of the frame
 *	   v                                       |  flood, or no PTE's store
 *	unprotect, the guest repeats, ASIDE        v
 *	                                      unprotect
 *
 * A store that is performed makes progress whatever it is made through, a table
 * that maps itself included.  One that is not (SC, amocas.q) is repeated on a page
 * that is a table no longer; nothing of it was done, and entries of the shadow
 * that went are filled from memory again.  So is a vector store, which may have done a part.
 * Where the page stays a table, because it is a loaded root or the store goes
 * through it, SC fails, as it always may; others are repeated where nothing is protected.
 */
#include "ssp/decode.h"
#include "internal.h"

#define ODD_STORE TSP_FLOOD /* counts as a whole flood: it stores no PTE */

/* A store with its operand, in guest memory. */
struct operation {
	struct store store;
	uint64_t va, value;
	uint64_t expected; /* by a compare-and-swap */
	unsigned int size; /* bytes */
	bool aligned;
	unsigned int pages; /* 1 or 2 */
	uint64_t gpa[2];    /* of its first byte in each page */
};

static uint64_t hpa_of(const struct tsp *tsp, uint64_t gpa)
{
	return gpa + tsp_slot(tsp, gpa)->delta;
}

/* Where the store goes in the page of va; false: fault says why it cannot. */
static bool translate(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t va, unsigned int state,
		      struct ssp_guest_walk *walk, struct tsp_result *fault)
{
	ssp_guest_walk(vcpu->guest, vcpu->root[vcpu->current].gsatp, va, SSP_STORE, state, walk);
	if (walk->verdict == SSP_UNMARKED &&
	    tsp_mark(tsp, vcpu, va, SSP_STORE, state, walk) == SSP_UNMARKED) {
		*fault = tsp_end(tsp, TSP_REPEAT); /* somebody else was faster */
		return false;
	}
	if (walk->verdict == SSP_OUTSIDE)
		walk->verdict = SSP_ACCESS_FAULT;
	if (walk->verdict == SSP_ALLOWED && !ssp_walk_slot(tsp->guest, walk, SSP_STORE, state))
		walk->verdict = SSP_ACCESS_FAULT; /* half a store to a device */
	if (walk->verdict == SSP_ALLOWED)
		return true;
	*fault = tsp_end(tsp, TSP_FAULT);
	fault->fault = walk->verdict;
	fault->va = va;
	return false;
}

/* Both pages of it; in the one that faulted, va is at gpa. */
static bool translate_operation(struct tsp *tsp, const struct tsp_vcpu *vcpu, unsigned int state,
				uint64_t va, uint64_t gpa, struct operation *o,
				struct tsp_result *fault)
{
	uint64_t end = o->va + o->size - 1;
	struct ssp_guest_walk walk;

	o->pages = (o->va ^ end) >> PAGE_SHIFT ? 2 : 1;
	if (o->pages == 1) {
		o->gpa[0] = gpa - (va - o->va);
		return true;
	}
	if (!translate(tsp, vcpu, o->va, state, &walk, fault))
		return false;
	o->gpa[0] = walk.gpa;
	if (!translate(tsp, vcpu, end & ~(PAGE_SIZE - 1), state, &walk, fault))
		return false;
	o->gpa[1] = walk.gpa;
	return true;
}

/* -- performing -- */

static uint64_t amo_result(const struct operation *o, uint64_t old)
{
	uint64_t value = o->value;
	int64_t a = o->size == 4 ? (int32_t)old : (int64_t)old;
	int64_t b = o->size == 4 ? (int32_t)value : (int64_t)value;
	uint64_t ua = o->size == 4 ? (uint32_t)old : old,
		 ub = o->size == 4 ? (uint32_t)value : value;

	switch (o->store.op) {
	case STORE_ADD: return old + value;
	case STORE_XOR: return old ^ value;
	case STORE_AND: return old & value;
	case STORE_OR: return old | value;
	case STORE_MIN: return a < b ? old : value;
	case STORE_MAX: return a > b ? old : value;
	case STORE_MINU: return ua < ub ? old : value;
	case STORE_MAXU: return ua > ub ? old : value;
	case STORE_CAS:
		return ua == (o->size == 4 ? (uint32_t)o->expected : o->expected) ? value : old;
	default: return value; /* swap */
	}
}

/*
 * Other harts and devices may have the page, too; all stores of vCPUs to it
 * come here, under the lock, so that a second attempt is for a device's store.
 */
static uint64_t amo_word(uint32_t *at, const struct operation *o)
{
	uint32_t old = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(at, &old, amo_result(o, old), false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	return (int32_t)old;
}

static uint64_t amo_double(uint64_t *at, const struct operation *o)
{
	uint64_t old = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(at, &old, amo_result(o, old), false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	return old;
}

/* One store of the whole: walkers see an entry as it was or as it is. */
static void store_aligned(void *at, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1: __atomic_store_n((uint8_t *)at, value, __ATOMIC_RELAXED); break;
	case 2: __atomic_store_n((uint16_t *)at, value, __ATOMIC_RELAXED); break;
	case 4: __atomic_store_n((uint32_t *)at, value, __ATOMIC_RELAXED); break;
	case 8: __atomic_store_n((uint64_t *)at, value, __ATOMIC_RELAXED); break;
	}
}

static void store_bytes(const struct tsp *tsp, const struct operation *o)
{
	unsigned int in_first = PAGE_SIZE - (o->va & (PAGE_SIZE - 1));

	for (unsigned int i = 0; i < o->size; i++) {
		uint64_t gpa = i < in_first ? o->gpa[0] + i : o->gpa[1] + (i - in_first);

		*(volatile uint8_t *)tsp_port_guest(hpa_of(tsp, gpa)) = o->value >> 8 * i;
	}
}

static void perform_store(const struct tsp *tsp, const struct operation *o, uint64_t *x)
{
	void *at = tsp_port_guest(hpa_of(tsp, o->gpa[0]));
	uint64_t old;

	if (o->store.op == STORE_ZERO) {
		for (unsigned int i = 0; i < o->size; i += 8)
			store_aligned((uint8_t *)at + i, 8, 0);
		return;
	}
	if (!o->aligned) {
		store_bytes(tsp, o);
		return;
	}
	if (o->store.op == STORE_PLAIN) {
		store_aligned(at, o->size, o->value);
		return;
	}
	old = o->size == 4 ? amo_word(at, o) : amo_double(at, o);
	if (o->store.rd)
		x[o->store.rd] = old;
}

/* -- following -- */

/* Whatever the frame was: data now, except where a vCPU has it loaded as its root. */
static void unprotect(struct tsp *tsp, uint64_t gfn)
{
	struct tsp_table *table = tsp_next_of(tsp, gfn, NULL), *next;

	for (; table; table = next) {
		next = tsp_next_of(tsp, gfn, table);
		if (!table->loaded)
			tsp_zap(tsp, table);
	}
	tsp->unprotected++;
}

static bool is_flood(struct tsp_table *table, unsigned int weight)
{
	if (table->loaded)
		return false;
	table->writes += weight;
	return table->writes >= TSP_FLOOD;
}

/* Bytes first to last of one page were stored. */
static void sync_bytes(struct tsp *tsp, uint64_t gpa, unsigned int bytes, unsigned int weight)
{
	uint64_t gfn = gpa >> PAGE_SHIFT;
	unsigned int first = gpa % PAGE_SIZE / 8, last = (gpa % PAGE_SIZE + bytes - 1) / 8;
	struct tsp_table *table = tsp_next_of(tsp, gfn, NULL), *next;

	for (; table; table = next) {
		next = tsp_next_of(tsp, gfn, table);
		if (is_flood(table, weight)) {
			tsp_zap(tsp, table);
			tsp->flooded++;
			continue;
		}
		for (unsigned int i = first; i <= last; i++)
			tsp_entry_sync(tsp, table, i);
	}
}

static void sync_operation(struct tsp *tsp, const struct operation *o)
{
	unsigned int in_first = PAGE_SIZE - (o->va & (PAGE_SIZE - 1));
	unsigned int weight = o->size == 8 && o->aligned ? 1 : ODD_STORE;

	if (o->pages == 1) {
		sync_bytes(tsp, o->gpa[0], o->size, weight);
		return;
	}
	sync_bytes(tsp, o->gpa[0], in_first, weight);
	sync_bytes(tsp, o->gpa[1], o->size - in_first, weight);
}

static struct tsp_result misaligned(struct tsp *tsp, uint64_t va)
{
	struct tsp_result result = tsp_end(tsp, TSP_MISALIGNED);

	result.va = va;
	return result;
}

/* -- a store that is not performed -- */

/* A loaded root stays a table, and what the store's own walk goes through is one again at once. */
static bool stays_table(const struct tsp *tsp, uint64_t gsatp, const struct ssp_guest_walk *walk)
{
	uint64_t gfn = walk->gpa >> PAGE_SHIFT;
	const struct tsp_table *table = tsp_next_of(tsp, gfn, NULL);

	for (; table; table = tsp_next_of(tsp, gfn, table))
		if (table->loaded)
			return true;
	for (int level = satp_modes[satp_mode(gsatp)].levels - 1; level >= walk->level; level--)
		if (walk->table[level] >> PAGE_SHIFT == gfn)
			return true;
	return false;
}

/*
 * The guest repeats it on a page that is no table; SC fails where there is no such thing, others go
 * aside.
 */
static struct tsp_result refuse_store(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t va,
				      unsigned int state, const struct store *sc, uint64_t *x)
{
	struct ssp_guest_walk walk;
	struct tsp_result fault;

	if (!translate(tsp, vcpu, va, state, &walk, &fault))
		return fault;
	if (!stays_table(tsp, vcpu->root[vcpu->current].gsatp, &walk)) {
		unprotect(tsp, walk.gpa >> PAGE_SHIFT);
		return tsp_end(tsp, TSP_REPEAT);
	}
	if (!sc)
		return tsp_end(tsp, TSP_ASIDE);
	if (sc->rd)
		x[sc->rd] = 1;
	return tsp_end(tsp, TSP_STORED);
}

/* -- all of it -- */

static struct operation operation_of(const struct tsp *tsp, const struct store *store,
				     const uint64_t *x)
{
	struct operation o = {
		.store = *store,
		.size = store->size,
		.va = (store->base ? x[store->base] : 0) + store->offset,
		.expected = store->rd ? x[store->rd] : 0,
	};

	if (store->op == STORE_ZERO) {
		o.size = tsp->zero_block;
		o.va &= ~(o.size - 1ull);
	} else {
		o.value = store->fp ? tsp_port_fp(store->reg) : store->reg ? x[store->reg] : 0;
	}
	o.aligned = !(o.va & (o.size - 1ull));
	return o;
}

struct tsp_result tsp_store(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va, uint64_t gpa,
			    uint32_t insn, unsigned int len, unsigned int state, uint64_t *x)
{
	struct store store;
	struct operation o;
	struct tsp_result fault;

	tsp_begin(tsp);
	if (!decode_store(insn, len, &store))
		return refuse_store(tsp, vcpu, va, state, NULL, x);
	o = operation_of(tsp, &store, x);
	if (va - o.va >= o.size)
		return tsp_end(tsp, TSP_REPEAT); /* the code has changed since */
	if (store.op != STORE_PLAIN && !o.aligned)
		return misaligned(tsp, o.va);
	if (store.op == STORE_CONDITIONAL)
		return refuse_store(tsp, vcpu, va, state, &store, x);
	if (!translate_operation(tsp, vcpu, state, va, gpa, &o, &fault))
		return fault;
	perform_store(tsp, &o, x);
	sync_operation(tsp, &o);
	tsp->emulated++;
	return tsp_end(tsp, TSP_STORED);
}
