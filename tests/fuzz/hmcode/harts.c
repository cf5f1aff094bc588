// SPDX-License-Identifier: BSD-2-Clause
/*
 * harts.c - two harts that take turns: each has a stack for its calls, which a guest's steps leave
 * as they are, and the model's registers while it is its turn.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <sanitizer/common_interface_defs.h>
#include <ucontext.h>

#include "core/machine.h"
#include "mmu/asid.h"

#define STACK          (256 << 10)
#define OFFSET_OF_HART 512

/* tlb.c: what the hart has cached of tables, which includes nothing of this. */
void tlb_begin(unsigned int hart, struct choices *choices);
bool tlb_access(unsigned int hart, u64 satp, const struct access *access, u64 *hpa);
void tlb_fence_all(unsigned int hart);
void tlb_fence_page(unsigned int hart, u64 va);
void tlb_fence_asid(unsigned int hart, u16 asid);

static struct {
	struct model_hart model; /* while it is not its turn */
	struct hm_frame *frame;
	u64 timer;
	struct hm_hart *object;
	struct choices choices; /* of its TLB: numbers, since it would take most of the bytes */
	u64 scratch[(OFFSET_OF_HART + 64) / 8];
	ucontext_t context;
	u8 *stack;
	void *fake;
} harts[FUZZ_HARTS];
static ucontext_t fuzzers;
static const void *fuzzers_stack;
static size_t fuzzers_size;

void harts_turn(unsigned int hart)
{
	u64 time = model.time;

	if (hart == fuzz.hart)
		return;
	harts[fuzz.hart].model = model;
	harts[fuzz.hart].frame = machine.frame;
	harts[fuzz.hart].timer = machine.timer;
	model = harts[hart].model;
	model.time = time;
	machine.frame = harts[hart].frame;
	machine.timer = harts[hart].timer;
	machine.hart = harts[hart].object;
	fuzz.hart = hart;
}

void harts_yield(void)
{
	unsigned int hart = fuzz.hart;

	__sanitizer_start_switch_fiber(&harts[hart].fake, fuzzers_stack, fuzzers_size);
	swapcontext(&harts[hart].context, &fuzzers);
	__sanitizer_finish_switch_fiber(harts[hart].fake, &fuzzers_stack, &fuzzers_size);
}

static void serve(void)
{
	__sanitizer_finish_switch_fiber(NULL, &fuzzers_stack, &fuzzers_size);
	for (;;) {
		host_step();
		harts_yield();
	}
}

/* In the guest world the step is guest_step()'s, on the stack of the entry. */
void harts_step(unsigned int hart)
{
	void *fake;

	harts_turn(hart);
	__sanitizer_start_switch_fiber(&fake, harts[hart].stack, STACK);
	swapcontext(&fuzzers, &harts[hart].context);
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
}

/* A guest's steps, until one leaves the guest world. */
static void run_guest(void)
{
	unsigned int vcpu = fuzz.current[fuzz.hart];

	do {
		harts_yield();
	} while (!guest_step(&fuzz.vcpu[vcpu]));
}

static void begin_stack(unsigned int hart)
{
	harts[hart].stack = aligned_alloc(PAGE_SIZE, STACK);
	getcontext(&harts[hart].context);
	harts[hart].context.uc_stack.ss_sp = harts[hart].stack;
	harts[hart].context.uc_stack.ss_size = STACK;
	makecontext(&harts[hart].context, serve, 0);
}

/* The harts differ in nothing: a vCPU may run on each. */
static void begin_hart(unsigned int hart, u64 kind)
{
	static const u8 asid_bits[] = { 16, 6, 6, 0 };
	static const u16 steps[] = { 1, 1, 200,
				     3000 }; /* of the counter: an entry's time may be up */
	struct hm_hart *object;

	harts_turn(hart);
	model_reset();
	if (!harts[hart].stack) {
		begin_stack(hart);
		harts[hart].object = aligned_alloc(16, sizeof(*object));
	}
	object = machine.hart = harts[hart].object;
	memset(object, 0, sizeof(*object));
	*(struct hm_hart **)((char *)harts[hart].scratch + OFFSET_OF_HART) = object;
	model.sstc = kind & 1;
	model.step = steps[pick(COUNT(steps))];
	model.asid_bits = asid_bits[kind >> 2 & 3];
	model.csr[CSR_MHARTID] = hart;
	model_write(CSR_MSCRATCH, (u64)harts[hart].scratch);
	object->frame.hart = object;
	object->frame.scratch = (u64)harts[hart].scratch;
	hm_learn_first(&object->frame);
	object->known = object->supported = object->envcfg = object->inhibit =
		object->split_counters = object->retired = true;
	object->sstc = model.sstc;
	object->older = !model.sstc;
	object->svvptc = kind & 16;
	hm_asid_init(object);
	if (object->asid_limit) /* others had most of this generation's */
		object->asid_next = object->asid_limit - 1 - pick(16);
	if (model.sstc)
		model_write(CSR_MENVCFG, ENVCFG_STCE);
	model_write(CSR_MIDELEG, MIP_SSIP | MIP_STIP | MIP_SEIP);
	model_write(CSR_MIE, MIP_MSIP | MIP_MEIP);
	harts[hart].choices.state = kind << 32 | pick(65536);
	tlb_begin(hart, &harts[hart].choices);
	fuzz.current[hart] = NOBODY;
}

void harts_begin(void)
{
	u64 kind = pick(32);

	hm_hart_offset = OFFSET_OF_HART;
	machine.guest = run_guest;
	for (unsigned int hart = 0; hart < FUZZ_HARTS; hart++)
		begin_hart(hart, kind);
	harts_turn(0);
}

/* Out of the guest world, so that both stacks are where they were. */
void harts_end(void)
{
	fuzz.closing = true;
	for (unsigned int hart = 0; hart < FUZZ_HARTS; hart++)
		while (fuzz.current[hart] != NOBODY)
			harts_step(hart);
}

/* ---- translation by the hart ---- */

bool harts_access(const struct access *access, u64 *hpa)
{
	fuzz.events++;
	return tlb_access(fuzz.hart, model.csr[CSR_SATP], access, hpa);
}

/* As hart.c's, but that a host's tables may lead anywhere: where no RAM is the walk ends. */
bool __wrap_model_maps_page(u64 va);
bool __wrap_model_maps_page(u64 va)
{
	u64 satp = model.csr[CSR_SATP], table = satp_table(satp);
	const struct satp_mode_info *mode = &satp_modes[satp_mode(satp)];

	for (int level = mode->levels - 1; level >= 0 && va_is_canonical(va, mode->va_bits);
	     level--) {
		u64 pte;

		if (table < FIRMWARE_END || table >= FUZZ_END)
			return false;
		pte = ((const u64 *)ALIAS(table))[pte_index(va, level)];
		table = pte_address(pte);
		if (!(pte & PTE_V))
			return false;
		if (pte_is_leaf(pte))
			return pte & (PTE_R | PTE_X);
	}
	return false;
}

void __wrap_model_fence(enum model_fence kind, u64 what)
{
	say("%lu: hart %u: fence %d of %#lx\n", fuzz.steps, fuzz.hart, kind, what);
	switch (kind) {
	case FENCE_ALL: tlb_fence_all(fuzz.hart); break;
	case FENCE_PAGE: tlb_fence_page(fuzz.hart, what); break;
	case FENCE_ASID: tlb_fence_asid(fuzz.hart, what); break;
	default: break;
	}
}
