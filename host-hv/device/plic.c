/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/plic.h"

/*
 * The memory map: priority of source s at 4s; pending bits from 0x1000;
 * enable bits of context c from 0x2000 + 0x80c; threshold and claim/complete
 * of context c at 0x200000 + 0x1000c and 4 above.
 */
#define PENDING_BASE   0x1000
#define ENABLE_BASE    0x2000
#define ENABLE_STRIDE  0x80
#define CONTEXT_BASE   0x200000
#define CONTEXT_STRIDE 0x1000
#define PLIC_SIZE      0x600000
#define MAX_PRIORITY   7

enum { REG_PRIORITY, REG_PENDING, REG_ENABLE, REG_THRESHOLD, REG_CLAIM, REG_RESERVED };

/* What an offset names. */
struct plic_reg {
	int kind;
	unsigned hart;  /* of an S context */
	unsigned index; /* source, or word of bits */
};

/* Registers of M contexts and of sources that do not exist are reserved: they read as 0. */
static struct plic_reg locate(const struct plic *p, uint64_t offset)
{
	struct plic_reg r = { .kind = REG_RESERVED };
	uint64_t context;

	if (offset < PENDING_BASE) {
		r.kind = REG_PRIORITY;
		r.index = offset / 4;
	} else if (offset < ENABLE_BASE) {
		r.kind = REG_PENDING;
		r.index = (offset - PENDING_BASE) / 4;
	} else if (offset < CONTEXT_BASE) {
		context = (offset - ENABLE_BASE) / ENABLE_STRIDE;
		r.kind = REG_ENABLE;
		r.index = (offset - ENABLE_BASE) % ENABLE_STRIDE / 4;
	} else {
		context = (offset - CONTEXT_BASE) / CONTEXT_STRIDE;
		r.index = offset % CONTEXT_STRIDE / 4;
		r.kind = r.index == 0 ? REG_THRESHOLD : r.index == 1 ? REG_CLAIM : REG_RESERVED;
	}
	if (r.kind >= REG_ENABLE) {
		r.hart = context / 2;
		if (context % 2 == 0 || r.hart >= p->harts)
			r.kind = REG_RESERVED;
	}
	if ((r.kind == REG_PRIORITY && r.index >= PLIC_SOURCES) ||
	    ((r.kind == REG_PENDING || r.kind == REG_ENABLE) && r.index >= PLIC_WORDS))
		r.kind = REG_RESERVED;
	return r;
}

static bool test(const uint32_t *words, unsigned bit)
{
	return words[bit / 32] >> bit % 32 & 1;
}

static void assign(uint32_t *words, unsigned bit, bool value)
{
	words[bit / 32] &= ~(1u << bit % 32);
	words[bit / 32] |= (uint32_t)value << bit % 32;
}

/* The gateway forwards a level once, until the handler completes it. */
static void sample(struct plic *p, unsigned source)
{
	if (!test(p->in_service, source))
		assign(p->pending, source, test(p->line, source));
}

bool plic_set_line(struct plic *p, unsigned source, bool level)
{
	if (test(p->line, source) == level)
		return false;
	assign(p->line, source, level);
	sample(p, source);
	return true;
}

/*
 * The pending and enabled source of highest priority above the threshold, lowest number first; or
 * 0.
 */
static unsigned best_source(const struct plic *p, unsigned hart)
{
	unsigned best = 0, best_priority = p->hart[hart].threshold;

	for (unsigned w = 0; w < PLIC_WORDS; w++) {
		uint32_t bits = p->pending[w] & p->hart[hart].enable[w];

		for (; bits; bits &= bits - 1) {
			unsigned source = 32 * w + lowest_bit(bits);

			if (p->priority[source] > best_priority) {
				best = source;
				best_priority = p->priority[source];
			}
		}
	}
	return best;
}

bool plic_asserts(const struct plic *p, unsigned hart)
{
	return best_source(p, hart) != 0;
}

static unsigned claim(struct plic *p, unsigned hart)
{
	unsigned source = best_source(p, hart);

	if (source) {
		assign(p->pending, source, false);
		assign(p->in_service, source, true);
	}
	return source;
}

/* A completion of a source that the context has not enabled is ignored. */
static void complete(struct plic *p, unsigned hart, uint32_t source)
{
	if (!source || source >= PLIC_SOURCES || !test(p->hart[hart].enable, source))
		return;
	assign(p->in_service, source, false);
	sample(p, source);
}

bool plic_read(struct plic *p, uint64_t offset, uint32_t *value)
{
	struct plic_reg r = locate(p, offset);

	*value = 0;
	if (offset % 4 || offset >= PLIC_SIZE)
		return false;
	switch (r.kind) {
	case REG_PRIORITY: *value = p->priority[r.index]; break;
	case REG_PENDING: *value = p->pending[r.index]; break;
	case REG_ENABLE: *value = p->hart[r.hart].enable[r.index]; break;
	case REG_THRESHOLD: *value = p->hart[r.hart].threshold; break;
	case REG_CLAIM: *value = claim(p, r.hart); break;
	}
	return true;
}

bool plic_write(struct plic *p, uint64_t offset, uint32_t value)
{
	struct plic_reg r = locate(p, offset);

	if (offset % 4 || offset >= PLIC_SIZE)
		return false;
	switch (r.kind) {
	case REG_PRIORITY: p->priority[r.index] = r.index ? value & MAX_PRIORITY : 0; break;
	case REG_ENABLE: p->hart[r.hart].enable[r.index] = r.index ? value : value & ~1u; break;
	case REG_THRESHOLD: p->hart[r.hart].threshold = value & MAX_PRIORITY; break;
	case REG_CLAIM: complete(p, r.hart, value); break;
	}
	return true;
}
