// SPDX-License-Identifier: BSD-2-Clause
/*
 * guest.c - what guests run: programs of random instructions, on tables that are sound, cyclic or
 * wild.
 */
#include "host-random.h"

#define FIRST_TABLE CODE_FRAMES
enum { TOP57, TOP48, TOP39, MIDDLE, LEAVES, USER_LEAVES, SOUND_TABLES };
#define INSTRUCTIONS 48
#define HOT          (CODE_FRAMES + TABLE_FRAMES)
#define HOT_FRAMES   8

static uint64_t *table_of(unsigned int n)
{
	return (uint64_t *)(frames + (FIRST_TABLE + n) * PAGE);
}

static uint64_t table_gpa(unsigned int n)
{
	return GPA(FIRST_TABLE + n);
}

uint64_t guest_satp(struct hart *me)
{
	static const uint64_t tops[] = { TOP39, TOP48, TOP57 };
	uint64_t mode = one_in(me, 4) ? 8 + below(me, 3) : 8;
	uint64_t asid = one_in(me, 16) ? random_value(me) & 0xffff : below(me, 4);

	switch (below(me, 12)) {
	case 0: return 0;
	case 1: return random_value(me);
	case 2: return below(me, 16) << 60 | asid << 44 | table_gpa(below(me, TABLE_FRAMES)) >> 12;
	case 3: return mode << 60 | asid << 44 | table_gpa(below(me, TABLE_FRAMES)) >> 12;
	default: return mode << 60 | asid << 44 | table_gpa(tops[mode - 8]) >> 12;
	}
}

/* A GVA or GPA; most often both at once. */
uint64_t guest_address(struct hart *me)
{
	uint64_t frame = one_in(me, 2) ? HOT + below(me, HOT_FRAMES) :
					 below(me, one_in(me, 2) ? FRAMES + BESIDE : FRAMES);
	uint64_t at = GPA(frame) + (below(me, PAGE) & (one_in(me, 4) ? ~0ul : -8ul));

	switch (below(me, 8)) {
	case 0: return at | below(me, 512) << 30;
	case 1: return random_value(me) >> below(me, 64);
	case 2: return at & -PAGE;
	default: return at;
	}
}

/* --- page tables --- */

static uint64_t any_entry(struct hart *me)
{
	uint64_t flags = random_value(me) & 0xff;

	switch (below(me, 6)) {
	case 0: return 0;
	case 1: return random_value(me);
	case 2: return PTE(table_gpa(below(me, TABLE_FRAMES)), PTE_V);
	case 3: return PTE(guest_address(me), flags);
	default: return PTE(GPA(below(me, FRAMES + 2)), flags | PTE_V | PTE_R | PTE_A);
	}
}

/* Most are there; some that are used more than others may have any flags. */
static void leaves(struct hart *me, unsigned int table, uint64_t flags)
{
	for (unsigned int i = 0; i < FRAMES + BESIDE; i++) {
		bool any = i - HOT < HOT_FRAMES && one_in(me, 2);

		table_of(table)[i] = PTE(GPA(i), any ? random_value(me) & 0xff : flags);
	}
}

static void change_leaf(struct hart *me)
{
	unsigned int i = HOT + below(me, HOT_FRAMES);

	table_of(!one_in(me, 4) ? LEAVES : USER_LEAVES)[i] = PTE(GPA(i), random_value(me) & 0xff);
}

static void sound_tables(struct hart *me)
{
	for (unsigned int n = 0; n < SOUND_TABLES; n++)
		for (unsigned int i = 0; i < 512; i++)
			table_of(n)[i] = 0;
	table_of(TOP57)[0] = PTE(table_gpa(TOP48), PTE_V);
	table_of(TOP48)[0] = PTE(table_gpa(TOP39), PTE_V);
	table_of(TOP39)[2] = PTE(table_gpa(MIDDLE), PTE_V);
	table_of(MIDDLE)[0] = PTE(table_gpa(LEAVES), PTE_V);
	table_of(MIDDLE)[1] = PTE(table_gpa(USER_LEAVES), PTE_V);
	leaves(me, LEAVES, PTE_RWX);
	leaves(me, USER_LEAVES, PTE_RWX | PTE_U);
}

static void random_table(struct hart *me, unsigned int n)
{
	for (unsigned int i = 0; i < 48; i++)
		table_of(n)[one_in(me, 2) ? i : below(me, 512)] = any_entry(me);
}

/* --- code --- */

#define R(bits, at) ((uint32_t)(bits) << (at))
#define RD(n)       R(n, 7)
#define RS1(n)      R(n, 15)
#define RS2(n)      R(n, 20)
#define IMM(n)      R((n)&0xfff, 20)

static uint32_t csr_access(struct hart *me)
{
	static const uint16_t own[] = {
		0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142,
		0x143, 0x144, 0x14d, 0x180, 0xc00, 0xc01, 0xc02, HM_CSR_MARK,
	};
	uint32_t number =
		one_in(me, 4) ? below(me, 4096) : own[below(me, sizeof(own) / sizeof(own[0]))];

	return 0x73 | R(1 + below(me, 7), 12) | RD(below(me, 16)) | RS1(below(me, 16)) |
	       R(number, 20);
}

/*
 * QEMU's clock under -icount stands still while no instruction retires.  A guest whose stvec names
 * one that traps to S-mode (EBREAK, a misaligned AMO) would never be interrupted: alone, on
 * that clock, there are none.
 */
static bool stops_the_clock(uint32_t insn)
{
	return (insn & 0x7f) == 0x2f || (insn & 0xffff) == 0x9002 || insn == 0x00100073;
}

static uint32_t any_memory_access(struct hart *me)
{
	uint32_t base = RS1(8 + below(me, 8)), other = below(me, 16), offset = below(me, 64) * 8;

	switch (below(me, 5)) {
	case 0: return 0x03 | R(below(me, 7), 12) | RD(other) | base | IMM(offset);
	case 1:
		return 0x23 | R(below(me, 4), 12) | RS2(other) | base | R(offset & 31, 7) |
		       R(offset >> 5, 25);
	case 2: /* LR, SC, AMO */
		return 0x2f | R(2 + below(me, 2), 12) | RD(other) | RS2(below(me, 16)) | base |
		       R(below(me, 32), 27);
	default: return 0x03 | R(3, 12) | RD(other & 7) | base | IMM(offset);
	}
}

static uint32_t memory_access(struct hart *me)
{
	uint32_t insn = any_memory_access(me);

	return me->alone && stops_the_clock(insn) ? 0x13 : insn;
}

static uint32_t any_word(struct hart *me)
{
	static const uint32_t fixed_ones[] = {
		0x00000073, 0x00100073, 0x10200073, 0x30200073, 0x10500073,
		0x0000100f, 0x00000000, 0x12000073, 0x00000013, 0x8e051073,
	};

	switch (below(me, 12)) {
	case 0: return fixed_ones[below(me, sizeof(fixed_ones) / sizeof(fixed_ones[0]))];
	case 1: /* SFENCE.VMA, SINVAL.VMA and their like; by x11 a ring may be committed */
		if (one_in(me, 4))
			return 0x12058073;
		return 0x73 | RS1(below(me, 16)) | RS2(below(me, 16)) |
		       R(one_in(me, 8) ? below(me, 128) : 9, 25);
	case 2: /* satp */ return 0x18001073 | RS1(8 + below(me, 8));
	case 3: return csr_access(me);
	case 4: /* a short branch */
		return 0x63 | R(below(me, 2), 12) | RS1(below(me, 16)) | RS2(below(me, 16)) |
		       R(below(me, 8) * 2, 8);
	case 5: /* a6: a function, a7: an extension may stand there already */
		return 0x13 | RD(16) | IMM(below(me, 6));
	case 6:
		return one_in(me, 4) ? random_value(me) :
				       0x13 | RD(below(me, 16)) | RS1(below(me, 16)) | IMM(8);
	case 7: return 0x73;
	default: return memory_access(me);
	}
}

static uint32_t any_instruction(struct hart *me)
{
	uint32_t insn = any_word(me);

	return me->alone && stops_the_clock(insn) ? 0x13 : insn;
}

/* An SBI call that the host serves: an exit in every policy. */
static uint32_t *leave(uint32_t *code)
{
	*code++ = 0x37 | RD(17) | R(SBI_HSM >> 12, 12);   /* LUI a7 */
	*code++ = 0x13 | RD(17) | RS1(17) | IMM(SBI_HSM); /* ADDI a7, a7 */
	*code++ = 0x73;                                   /* ECALL */
	return code;
}

/* It ends by going back to its beginning, most often by way of the host. */
static void program(struct hart *me, unsigned int frame)
{
	uint32_t *first = (uint32_t *)(frames + frame * PAGE), *code = first;
	bool calm = one_in(me, 2);
	uint64_t back;

	if (one_in(me, 4))
		*code++ = 0x73; /* a call of its host's choice, a ring's registration among them */
	for (unsigned int n = 1 + below(me, INSTRUCTIONS); n; n--)
		*code++ = calm && !one_in(me, 16) ? memory_access(me) : any_instruction(me);
	if (!one_in(me, 4))
		code = leave(code);
	back = (first - code) * 4;
	/* JAL x0: imm[20|10:1|11|19:12] */
	*code = 0x6f | R(back >> 20 & 1, 31) | R(back >> 1 & 0x3ff, 21) | R(back >> 11 & 1, 20) |
		R(back >> 12 & 0xff, 12);
}

/* The guest's handler of its own faults: it steps over the instruction. */
static void handler(void)
{
	uint32_t *code = (uint32_t *)(frames + HANDLER_FRAME * PAGE);

	*code++ = 0x14102ff3; /* CSRR t6, sepc */
	*code++ = 0x004f8f93; /* ADDI t6, t6, 4 */
	*code++ = 0x141f9073; /* CSRW sepc, t6 */
	*code++ = 0x10200073; /* SRET */
}

volatile uint64_t *guest_counts(struct hm_run *run)
{
	uint32_t *code = (uint32_t *)frames;

	*code++ = 0x00053283; /* LD t0, 0(a0) */
	*code++ = 0x00128293; /* ADDI t0, t0, 1 */
	*code++ = 0x00553023; /* SD t0, 0(a0) */
	*code++ = 0xff5ff06f; /* J .-12 */
	run->x[10] = GPA(HOT);
	run->pc = GPA(0);
	run->priv = 1;
	run->sstatus = run->sie = run->sip = run->satp = 0;
	run->flags = HM_RUN_FENCE_I;
	run->slice_end = run->stimecmp = ~0ul;
	run->policy = HM_POLICY_ALL;
	return (volatile uint64_t *)(frames + HOT * PAGE);
}

/* --- tables of the host: what they grant is frames, and nothing else can be written by them --- */

static uint64_t shadow_entry(struct hart *me)
{
	uint64_t flags = random_value(me) & 0xff;

	switch (below(me, 6)) {
	case 0: return random_value(me) | 1ul << 50; /* no RAM */
	case 1: return PTE((uint64_t)shadows[below(me, SHADOWS)], PTE_V);
	case 2: return PTE((uint64_t)fixed + below(me, FIXED) * PAGE, flags & ~PTE_W);
	case 3: return PTE(not_ram(me) | PAGE, flags & ~PTE_W); /* no superpage of RAM */
	default:
		return PTE((uint64_t)frames + below(me, FRAMES) * PAGE,
			   flags | PTE_V | PTE_R | PTE_AD);
	}
}

static void sound_shadows(void)
{
	shadows[0][0] = PTE((uint64_t)shadows[1], PTE_V);
	shadows[1][0] = PTE((uint64_t)shadows[2], PTE_V);
	shadows[2][2] = PTE((uint64_t)shadows[3], PTE_V);
	shadows[3][0] = PTE((uint64_t)shadows[4], PTE_V);
	shadows[3][1] = PTE((uint64_t)shadows[5], PTE_V);
	for (unsigned int i = 0; i < FRAMES; i++) {
		shadows[4][i] = PTE((uint64_t)frames + i * PAGE, PTE_RWX);
		shadows[5][i] = PTE((uint64_t)frames + i * PAGE, PTE_RWX | PTE_U);
	}
}

#define SOUND_SHADOWS 6

static void random_shadow(struct hart *me)
{
	uint64_t *table = shadows[SOUND_SHADOWS + below(me, SHADOWS - SOUND_SHADOWS)];

	for (unsigned int i = 0; i < 8; i++)
		table[one_in(me, 2) ? i : below(me, 512)] = shadow_entry(me);
}

uint64_t host_root(struct hart *me)
{
	uint64_t mode = one_in(me, 4) ? below(me, 16) : 8 + below(me, 3);

	switch (below(me, 8)) {
	case 0: return 0;
	case 1: return random_value(me);
	case 2: return mode << 60 | not_ram(me) >> 12;
	case 3: return mode << 60 | (uint64_t)shadows[below(me, SHADOWS)] >> 12;
	default: return 8ul << 60 | (uint64_t)shadows[2] >> 12;
	}
}

/* --- */

void guest_init(struct hart *me)
{
	sound_tables(me);
	sound_shadows();
	for (unsigned int n = SOUND_TABLES; n < TABLE_FRAMES; n++)
		random_table(me, n);
	for (unsigned int n = 0; n < CODE_FRAMES; n++)
		program(me, n);
}

/* What a guest that goes on may have changed. */
void guest_goes_on(struct hart *me)
{
	for (unsigned int n = below(me, 4); n; n--)
		change_leaf(me);
}

void guest_change(struct hart *me)
{
	handler();
	if (one_in(me, 2))
		program(me, below(me, CODE_FRAMES));
	if (one_in(me, 2))
		sound_tables(me);
	if (one_in(me, 4))
		random_table(me, one_in(me, 8) ?
					 below(me, TABLE_FRAMES) :
					 SOUND_TABLES + below(me, TABLE_FRAMES - SOUND_TABLES));
	guest_goes_on(me);
	if (one_in(me, 4))
		random_shadow(me);
}
