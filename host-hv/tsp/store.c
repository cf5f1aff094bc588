/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.c - a store to a guest table: decode, perform, follow.
 *
 *	decode --> translate (both pages) --> perform on guest memory
 *	   |                                       |
 *	   | not decoded                      entries of all shadow tables of the frame
 *	   v                                       |  flood, or no PTE's store
 *	unprotect, the guest repeats               v
 *	                                      unprotect
 *
 * A store that is decoded makes progress whatever it is made through, a table
 * that maps itself included.  One that is not (SC, floating point, vectors,
 * cache blocks) is repeated on a page that is a table no longer; nothing of it
 * was done, and entries of the shadow that went are filled from memory again.
 */
#include "decode.h"
#include "internal.h"

#define ODD_STORE	TSP_FLOOD	/* counts as a whole flood: it stores no PTE */

/* A store with its operand, in guest memory. */
struct operation {
	struct store store;
	uint64_t va, value;
	bool aligned;
	unsigned int pages;		/* 1 or 2 */
	uint64_t gpa[2];		/* of its first byte in each page */
};

static uint64_t hpa_of(const struct tsp *tsp, uint64_t gpa)
{
	return gpa + tsp_slot(tsp, gpa)->delta;
}

/* Where the store goes in the page of va; false: fault says why it cannot. */
static bool translate(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t va,
		      unsigned int state, uint64_t *gpa, struct tsp_result *fault)
{
	struct ssp_guest_walk walk;

	ssp_guest_walk(tsp->guest, vcpu->root[vcpu->current].gsatp, va, SSP_STORE, state, &walk);
	if (walk.verdict == SSP_FILLED && !ssp_walk_slot(tsp->guest, &walk, SSP_STORE, state))
		walk.verdict = SSP_ACCESS_FAULT;	/* half a store to a device */
	*gpa = walk.gpa;
	if (walk.verdict == SSP_FILLED)
		return true;
	*fault = tsp_end(tsp, TSP_FAULT);
	fault->fault = walk.verdict;
	fault->va = va;
	return false;
}

/* -- performing -- */

static uint64_t combine(enum store_op op, unsigned int size, uint64_t old, uint64_t value)
{
	int64_t a = size == 4 ? (int32_t)old : (int64_t)old;
	int64_t b = size == 4 ? (int32_t)value : (int64_t)value;
	uint64_t ua = size == 4 ? (uint32_t)old : old, ub = size == 4 ? (uint32_t)value : value;

	switch (op) {
	case STORE_ADD: return old + value;
	case STORE_XOR: return old ^ value;
	case STORE_AND: return old & value;
	case STORE_OR: return old | value;
	case STORE_MIN: return a < b ? old : value;
	case STORE_MAX: return a > b ? old : value;
	case STORE_MINU: return ua < ub ? old : value;
	case STORE_MAXU: return ua > ub ? old : value;
	default: return value;		/* swap */
	}
}

/*
 * Other harts and devices may have the page, too; all stores of vCPUs to it
 * come here, under the lock, so that a second attempt is for a device's store.
 */
static uint64_t amo_word(uint32_t *at, enum store_op op, uint64_t value)
{
	uint32_t old = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(at, &old, combine(op, 4, old, value), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	return (int32_t)old;
}

static uint64_t amo_double(uint64_t *at, enum store_op op, uint64_t value)
{
	uint64_t old = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(at, &old, combine(op, 8, old, value), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
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

	for (unsigned int i = 0; i < o->store.size; i++) {
		uint64_t gpa = i < in_first ? o->gpa[0] + i : o->gpa[1] + (i - in_first);

		*(volatile uint8_t *)tsp_port_guest(hpa_of(tsp, gpa)) = o->value >> 8 * i;
	}
}

static void perform(const struct tsp *tsp, const struct operation *o, uint64_t *x)
{
	void *at = tsp_port_guest(hpa_of(tsp, o->gpa[0]));
	uint64_t old;

	if (!o->aligned) {
		store_bytes(tsp, o);
		return;
	}
	if (o->store.op == STORE_PLAIN) {
		store_aligned(at, o->store.size, o->value);
		return;
	}
	old = o->store.size == 4 ? amo_word(at, o->store.op, o->value) :
				   amo_double(at, o->store.op, o->value);
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
static void follow(struct tsp *tsp, uint64_t gpa, unsigned int bytes, unsigned int weight)
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

static void follow_operation(struct tsp *tsp, const struct operation *o)
{
	unsigned int in_first = PAGE_SIZE - (o->va & (PAGE_SIZE - 1));
	unsigned int weight = o->store.size == 8 && o->aligned ? 1 : ODD_STORE;

	if (o->pages == 1) {
		follow(tsp, o->gpa[0], o->store.size, weight);
		return;
	}
	follow(tsp, o->gpa[0], in_first, weight);
	follow(tsp, o->gpa[1], o->store.size - in_first, weight);
}

static struct tsp_result misaligned(struct tsp *tsp, uint64_t va)
{
	struct tsp_result result = tsp_end(tsp, TSP_MISALIGNED);

	result.va = va;
	return result;
}

static struct tsp_result undecoded(struct tsp *tsp, const struct tsp_vcpu *vcpu, uint64_t va,
				   unsigned int state)
{
	struct tsp_result fault;
	uint64_t gpa;

	if (!translate(tsp, vcpu, va, state, &gpa, &fault))
		return fault;
	unprotect(tsp, gpa >> PAGE_SHIFT);
	return tsp_end(tsp, TSP_REPEAT);
}

struct tsp_result tsp_store(struct tsp *tsp, struct tsp_vcpu *vcpu, uint64_t va, uint32_t insn,
			    unsigned int len, unsigned int state, uint64_t *x)
{
	struct operation o;
	struct tsp_result fault;
	uint64_t end;

	tsp_begin(tsp);
	if (!decode_store(insn, len, &o.store))
		return undecoded(tsp, vcpu, va, state);
	o.va = (o.store.base ? x[o.store.base] : 0) + o.store.offset;
	o.value = o.store.reg ? x[o.store.reg] : 0;
	o.aligned = !(o.va & (o.store.size - 1u));
	if (va - o.va >= o.store.size)
		return tsp_end(tsp, TSP_REPEAT);	/* the code has changed since */
	if (o.store.op != STORE_PLAIN && !o.aligned)
		return misaligned(tsp, o.va);

	end = o.va + o.store.size - 1;
	o.pages = (o.va ^ end) >> PAGE_SHIFT ? 2 : 1;
	if (!translate(tsp, vcpu, o.va, state, &o.gpa[0], &fault) ||
	    (o.pages == 2 && !translate(tsp, vcpu, end & ~(PAGE_SIZE - 1), state, &o.gpa[1], &fault)))
		return fault;
	perform(tsp, &o, x);
	follow_operation(tsp, &o);
	tsp->emulated++;
	return tsp_end(tsp, TSP_STORED);
}
