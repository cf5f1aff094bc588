// SPDX-License-Identifier: BSD-2-Clause
/*
 * A host with several vCPUs on one hart, all of which use vector registers: each finds what it left
 * there, whatever it said by sstatus.VS, and nothing of another's.  So it does where the hart
 * stopped, or slept and lost them. On a hart without vectors there is nothing to open.
 */
#include "host.h"
#include "vector.h"

#define GUESTS     3
#define ROUNDS     40
#define STATE_PAGE 1 /* of a guest's RAM: two states, to load and as read */

/* Guests' code; a0 is a state, a1 what is cleared in sstatus afterwards. */
extern const uint32_t guest_write[], guest_read[], guest_trap[], guest_end[];
__asm__(".pushsection .rodata\n.balign 4\n"
	"guest_write:\n li t0, 0x600\n csrs sstatus, t0\n" V_WRITE " csrc sstatus, a1\n ecall\n"
	"guest_read:\n li t0, 0x600\n csrs sstatus, t0\n" V_READ " csrc sstatus, a1\n ecall\n"
	"guest_trap:\n ecall\n"
	"guest_end:\n.popsection\n");

static struct guest {
	uint8_t ram[5 * PAGE] __attribute__((aligned(PAGE)));
	union page page;
	uint64_t vm, vcpu;
} guests[GUESTS];
static uint8_t stack[8192] __attribute__((aligned(16)));
static struct v_state zero, others;
static uint64_t vlenb;

static struct v_state *state_of(struct guest *g)
{
	return (struct v_state *)(g->ram + STATE_PAGE * PAGE);
}

static uint64_t pc_of(const uint32_t *code)
{
	return GUEST_RAM + (uint64_t)(code - guest_write) * 4;
}

static void make_vcpu(struct guest *g)
{
	g->vcpu = vcpu_create(g->vm, &g->page, 32).value;
	run_reset(&g->page.run);
	g->page.run.stvec = pc_of(guest_trap);
}

static void make_guest(struct guest *g)
{
	g->vm = vm_create();
	slot_set(g->vm, 0, GUEST_RAM, g->ram, sizeof(g->ram));
	for (unsigned int i = 0; guest_write + i < guest_end; i++)
		((uint32_t *)g->ram)[i] = guest_write[i];
	make_vcpu(g);
}

/* The guest runs this to its end, where it clears so much of VS. */
static bool runs(struct guest *g, const uint32_t *code, uint64_t state, uint64_t clear)
{
	struct hm_run *run = &g->page.run;

	run->pc = pc_of(code);
	run->x[10] = GPA(STATE_PAGE) + state * sizeof(struct v_state);
	run->x[11] = clear;
	return exit_of(g->vcpu) == HM_EXIT_SBI && run->pc != pc_of(guest_trap);
}

/* Dirty, Clean and Off in turn. */
static uint64_t clearing(uint64_t round)
{
	static const uint64_t bits[] = { 0, 1ul << 9, SSTATUS_VS };

	return bits[round % 3];
}

static bool writes(struct guest *g, uint64_t seed)
{
	v_make(state_of(g), vlenb, seed);
	return runs(g, guest_write, 0, clearing(seed));
}

/* What it reads is what it wrote last, or nothing. */
static bool keeps(struct guest *g, uint64_t seed)
{
	return runs(g, guest_read, 1, clearing(seed + 1)) &&
	       v_equal(state_of(g), state_of(g) + 1, vlenb);
}

static bool has_nothing(struct guest *g)
{
	return runs(g, guest_read, 1, 0) && v_equal(&zero, state_of(g) + 1, vlenb);
}

/* -- on one hart -- */

static uint64_t rounds(void)
{
	uint64_t good = 0;

	for (uint64_t n = 0; n < ROUNDS; n++) {
		bool same = true;

		for (uint64_t i = 0; i < GUESTS; i++)
			same &= writes(&guests[i], n * GUESTS + i);
		for (uint64_t i = 0; i < GUESTS; i++)
			same &= keeps(&guests[(i + n) % GUESTS], n);
		good += same;
	}
	return good;
}

static void one_hart(void)
{
	uint64_t fresh = 0;

	fact(writes(&guests[0], 5), "a vCPU writes its vector registers");
	for (unsigned int i = 1; i < GUESTS; i++)
		fresh += has_nothing(&guests[i]);
	fact_equal(fresh, GUESTS - 1, "others find theirs clear");
	fact(keeps(&guests[0], 0), "and it finds what it wrote");
	fact_equal(rounds(), ROUNDS, "all of them do, round after round, whatever VS was");
	fact(writes(&guests[1], 77) && !vcpu_destroy(guests[1].vcpu), "one is destroyed");
	make_vcpu(&guests[1]);
	fact(has_nothing(&guests[1]), "the next one has nothing of it");
	fact(writes(&guests[0], 9) && writes(&guests[2], 8) && keeps(&guests[0], 0) &&
		     keeps(&guests[2], 0),
	     "and takes nothing from the rest");
	guests[1].page.run.sstatus |= SSTATUS_VS;
	fact(runs(&guests[1], guest_read, 1, 0) && v_equal(&zero, state_of(&guests[1]) + 1, vlenb),
	     "nor does a host that opens VS change what it has");
}

/* -- on a hart that stops and sleeps -- */

static volatile uint64_t starts, sleeps;
static const uint32_t *volatile there_code;
static volatile bool there_ran;

/* Whatever the hart loses, as it might without power. */
static void lose_registers(void)
{
	csr_set(sstatus, SSTATUS_VS);
	v_write(&others);
}

OTHER_HART(other_entry, other_main);
void other_main(void)
{
	csr_clear(sip, 1ul << IRQ_SOFT);
	lose_registers();
	if (there_code)
		there_ran = runs(&guests[1], there_code, there_code == guest_read, SSTATUS_VS);
	there_code = NULL;
	if (sleeps) {
		sleeps = 0;
		sleep_until_kicked(other_entry, stack + sizeof(stack));
	}
	stop_hart(&starts);
}

static bool there(uint64_t hart, const uint32_t *code, bool sleep)
{
	uint64_t before = starts, spins = 0;

	there_ran = false;
	there_code = code;
	sleeps = sleep;
	full_fence();
	if (start_hart(hart, other_entry, stack + sizeof(stack)))
		return false;
	if (sleep) {
		if (!hart_comes_to(hart, SUSPENDED))
			return false;
		sbi_call(SBI_IPI, 0, 1ul << hart, 0, 0, 0, 0);
	}
	while (starts == before && ++spins < PATIENCE)
		;
	return spins < PATIENCE && hart_comes_to(hart, STOPPED) && there_ran;
}

static void another_hart(uint64_t hart)
{
	struct guest *g = &guests[1];

	if (sbi_call(SBI_HSM, HSM_STATUS, hart, 0, 0, 0, 0).error)
		return;
	vcpu_destroy(g->vcpu);
	make_vcpu(g);
	v_make(state_of(g), vlenb, 123);
	v_make(&others, vlenb, 321);
	fact(there(hart, guest_write, false), "a vCPU writes them on another hart, which stops");
	fact(there(hart, guest_read, true) && v_equal(state_of(g), state_of(g) + 1, vlenb),
	     "it finds them as they were when the hart has started again");
	fact(there(hart, guest_read, false) && v_equal(state_of(g), state_of(g) + 1, vlenb),
	     "and when it has slept");
}

void payload(uint64_t hart)
{
	for (unsigned int i = 0; i < GUESTS; i++)
		make_guest(&guests[i]);
	if (!v_exists()) {
		fact(!runs(&guests[0], guest_read, 1, 0) &&
			     guests[0].page.run.scause == CAUSE_ILLEGAL,
		     "no vectors: a guest has none either");
		return;
	}
	csr_set(sstatus, SSTATUS_VS);
	vlenb = v_length();
	note_count("bytes of a register", vlenb);
	zero.vtype = VTYPE_VILL;
	one_hart();
	another_hart(!hart);
}
