// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest that does at random whatever a guest may do, with a model of what a TLB may hold.
 *
 *	seed=N	which run (1)	steps=N	how long (20000)	harts=N	1 or 2 (1)
 *	trace=N	say what is done from step N on
 *
 * The same seed makes the same run wherever the same extensions are offered; random-guest/ has its
 * parts.
 */
#include "random-guest/guest.h"
#include "hm_abi.h"
#include "ring.h"

#define IMPLEMENTATION_ID 1 /* function of the base extension */

uint64_t chance_state, steps_made, checks_made, stale_seen, asid_mask;
unsigned int mode_count;
const struct mode *modes;
bool is_guest;

static uint64_t seed, trace_from;

/* The runtime has traps of its own, around the run. */
static struct vector {
	uint64_t entry, scratch;
} own;

static void runtime_traps(const struct vector *vector)
{
	csr_write(stvec, vector->entry);
	csr_write(sscratch, vector->scratch);
}

/* The entries of the tables as they are. */
static void note_walk(uint64_t satp, uint64_t va)
{
	uint64_t table = SATP_ROOT(satp);

	for (unsigned int level = world_levels(satp); level-- > 0 && is_ram(table);) {
		uint64_t pte = ((const uint64_t *)table)[index_at(va, level)];

		note_value("entry", pte);
		table = PTE_PPN(pte) << 12;
	}
}

static void note_access(const struct hart *hart, const struct access *access)
{
	static const char *const kinds[] = { "a load", "a store", "a fetch" };

	note(kinds[access->kind]);
	note_value("address", access->va);
	note_value("state (1 user, 2 SUM, 4 MXR)", access->state);
	note_walk(hart->satp, access->va);
	for (unsigned int i = 0; i < hart->runs; i++)
		note_value("satp was", hart->run[i].satp);
}

void trace(const char *what, const struct hart *hart, uint64_t a, uint64_t b, uint64_t c)
{
	if (steps_made >= trace_from)
		note_values(what, (uint64_t[]){ steps_made, hart ? hart->id : 0, a, b, c }, 5);
}

void broken(const struct hart *hart, const char *what, uint64_t got, uint64_t expected,
	    const struct access *access)
{
	runtime_traps(&own);
	note_value("seed", seed);
	note_value("step", steps_made);
	note_value("hart", hart->id);
	note_value("satp", hart->satp);
	note_value("cause", hart->trap.cause);
	if (access)
		note_access(hart, access);
	fact_equal(got, expected, what);
	payload_end();
}

void payload(uint64_t hart)
{
	uint64_t steps = payload_option("steps", 20000);

	seed = payload_option("seed", 1);
	trace_from = payload_option("trace", ~0ul);
	chance_state = seed * 0x9e3779b97f4a7c15 + 1;
	asid_mask = (1ul << asid_bits()) - 1;
	modes = first_mode();
	mode_count = modes_from(modes);
	is_guest = sbi_call(SBI_BASE, IMPLEMENTATION_ID, 0, 0, 0, 0, 0).value == HM_EXT_ID &&
		   !payload_option("hap", 0);
	ring_there = ring_offered();
	world_make();
	own = (struct vector){ csr_read(stvec), csr_read(sscratch) };
	harts_start(hart, payload_option("harts", 1));
	access_settle();
	for (steps_begin(); steps_made < steps; steps_made++)
		step();
	runtime_traps(&own);
	note_value("seed", seed);
	note_value("steps", steps_made);
	note_value("accesses", checks_made);
	note_value("accesses by older translations", stale_seen);
	fact(true, "every access ended where a TLB may lead it");
}
