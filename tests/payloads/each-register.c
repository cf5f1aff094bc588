// SPDX-License-Identifier: BSD-2-Clause
/*
 * Whatever a trap was for, and whoever ended it: of the 31 registers each is as it was, but for the
 * destination, and the instruction read the source that it names.  A second CPU, if there is one,
 * does the same with other values.
 */
#include "ring.h"
#include "stub.h"

#define UART    0x10000000ul
#define LSR     5 /* its line status, when nothing is on the line */
#define IDLE    0x60
#define SCRATCH 7

#define SATP                0x180
#define SFENCE(rs1, rs2)    (0x12000073u | (rs2) << 20 | (rs1) << 15)
#define CSRRW(rd, csr, rs1) (0x00001073u | (csr) << 20 | (rs1) << 15 | (rd) << 7)
#define CSRRS(rd, csr, rs1) (0x00002073u | (csr) << 20 | (rs1) << 15 | (rd) << 7)
#define LBU(rd, rs1, at)    (0x00004003u | (at) << 20 | (rs1) << 15 | (rd) << 7)
#define LD(rd, rs1)         (0x00003003u | (rs1) << 15 | (rd) << 7)
#define SB(rs2, rs1, at)    (0x00000023u | (rs2) << 20 | (rs1) << 15 | (at) << 7)
#define CUSTOM(rd, rs1)     (0x0000000bu | (rs1) << 15 | (rd) << 7)
#define CSR_OF_M(rd)        CSRRW(rd, 0x300u, rd) /* mstatus */
#define WFI                 0x10500073u
#define ECALL               0x00000073u

#define PAGES     30 /* that are fenced, from TEST_VA on */
#define FIXED     (TEST_VA + 31 * PAGE)
#define ABSENT    (TEST_VA + 32 * PAGE)
#define NO_TABLE  (TEST_VA + 3 * GIGA)
#define DEVICE    (TEST_VA + 40 * PAGE)
#define ODD_PLACE 9 /* in each frame */
#define ODD_VALUE 0x1122334455667788ul

static struct cpu {
	unsigned int number;
	uint64_t root[2], satp[2], frame[2];
	volatile struct hm_ring *ring; /* NULL: none is offered */
	struct registers before, behind;
	uint64_t made, lost, wrong, stale, floats_lost;
	uint64_t first[4]; /* of what was lost: the instruction, the registers, one before, behind */
	volatile bool done;
} cpus[STUBS];
static const struct mode *mode;
static uint8_t second_stack[8192] __attribute__((aligned(16)));

static void fill(struct cpu *cpu)
{
	static const uint64_t odd[STUBS] = { 0x123456789abcdef1, 0xfedcba9876543217 };

	for (unsigned int n = 1; n < 32; n++)
		cpu->before.x[n] = (odd[cpu->number] * (n + 1)) ^ cpu->made << 7;
}

/* Registers of which the bit is set in `written` may differ. */
static void do_filled(struct cpu *cpu, uint32_t insn, uint32_t written)
{
	uint32_t lost;

	execute(cpu->number, insn, &cpu->before, &cpu->behind);
	cpu->made++;
	lost = registers_changed(&cpu->before, &cpu->behind) & ~written;
	if (lost && !cpu->lost++) {
		unsigned int n = 1;

		while (!(lost >> n & 1))
			n++;
		cpu->first[0] = insn;
		cpu->first[1] = lost;
		cpu->first[2] = cpu->before.x[n];
		cpu->first[3] = cpu->behind.x[n];
	}
}

/* With the value in register n. */
static void do_with(struct cpu *cpu, uint32_t insn, unsigned int n, uint64_t value,
		    uint32_t written)
{
	fill(cpu);
	cpu->before.x[n] = value;
	do_filled(cpu, insn, written);
}

static void value_is(struct cpu *cpu, uint64_t want, unsigned int rd)
{
	cpu->wrong += rd && cpu->behind.x[rd] != want;
}

/* --- what the tables say ------------------------------------------------------ */

static uint64_t frame_at(const struct cpu *cpu, unsigned int root, uint64_t va)
{
	return read64((uint64_t)pte_of(mode, cpu->root[root], va, 0)) >> 10 << 12;
}

/* Each frame begins with its address. */
static void is_new(struct cpu *cpu, unsigned int root, uint64_t va)
{
	cpu->stale += read64(va) != frame_at(cpu, root, va);
}

/* A page of the first root, which the hart may have cached, gets the other frame. */
static uint64_t page_moved(struct cpu *cpu)
{
	uint64_t va = TEST_VA + cpu->made * 37 % PAGES * PAGE;
	bool first;

	(void)read64(va);
	(void)read64(FIXED);
	first = frame_at(cpu, 0, va) == cpu->frame[0];
	write64((uint64_t)pte_of(mode, cpu->root[0], va, 0), PTE(cpu->frame[first], PTE_RW));
	return va;
}

/* --- the instructions ----------------------------------------------------------- */

static void fences(struct cpu *cpu)
{
	for (unsigned int rs1 = 0; rs1 < 32; rs1++) {
		for (unsigned int rs2 = 0; rs2 < 32; rs2++) {
			uint64_t va = page_moved(cpu);

			fill(cpu);
			cpu->before.x[rs2] = 1 + (cpu->made << 16);
			cpu->before.x[rs1] = va + cpu->made % PAGE;
			do_filled(cpu, SFENCE(rs1, rs2), 0);
			if (rs1 && rs1 == rs2)
				fence_page(va); /* of another ASID, so far */
			is_new(cpu, 0, va);
		}
	}
}

static void commits(struct cpu *cpu)
{
	unsigned int other = HM_RING_OP_FLUSH;

	for (unsigned int rs1 = 1; rs1 < 32 && cpu->ring; rs1++) {
		for (unsigned int entries = 1; entries < 4; entries++) {
			uint64_t va = page_moved(cpu);

			ring_push(cpu->ring, HM_RING_OP_FLUSH, va, 1, 1);
			other ^= HM_RING_OP_FLUSH ^ HM_RING_OP_MAP;
			for (unsigned int n = 1; n < entries; n++)
				ring_push(cpu->ring, other, va + n * PAGE, 1, 1);
			do_with(cpu, SFENCE(rs1, 0), rs1, (uint64_t)cpu->ring, 0);
			is_new(cpu, 0, va);
			cpu->stale += cpu->ring->tail != cpu->ring->head;
		}
	}
}

static void switches(struct cpu *cpu)
{
	unsigned int now = 0;

	for (unsigned int rd = 0; rd < 32; rd++) {
		for (unsigned int rs1 = 1; rs1 < 32; rs1++) {
			uint64_t old = cpu->satp[now];

			now ^= 1;
			do_with(cpu, CSRRW(rd, SATP, rs1), rs1, cpu->satp[now], 1u << rd);
			value_is(cpu, old, rd);
			is_new(cpu, now, TEST_VA);
		}
		fill(cpu);
		do_filled(cpu, CSRRS(rd, SATP, 0), 1u << rd);
		value_is(cpu, cpu->satp[now], rd);
	}
	/* Address spaces that are in no root buffer. */
	for (unsigned int rs1 = 1; rs1 < 32; rs1++) {
		do_with(cpu, CSRRW(0, SATP, rs1), rs1,
			satp_value(mode, cpu->root[rs1 % 2], 100 + rs1), 0);
		is_new(cpu, rs1 % 2, TEST_VA);
	}
	csr_write(satp, cpu->satp[0]);
}

/* Half of it by tables that nobody knows any more, and by another address than the device's own. */
static void devices(struct cpu *cpu)
{
	for (unsigned int r = 0; r < 32; r++) {
		for (unsigned int rs1 = 1; rs1 < 32; rs1++) {
			uint64_t va = (r ^ rs1) & 4 ? UART : DEVICE;

			if ((r ^ rs1) & 1)
				fence_all();
			do_with(cpu, LBU(r, rs1, LSR), rs1, va, 1u << r);
			value_is(cpu, IDLE, r);
			if (r != rs1)
				do_with(cpu, SB(r, rs1, SCRATCH), rs1, va, 0);
		}
	}
}

static void loads(struct cpu *cpu)
{
	for (unsigned int rd = 0; rd < 32; rd++) {
		for (unsigned int rs1 = 1; rs1 < 32; rs1++) {
			do_with(cpu, LD(rd, rs1), rs1, ABSENT + cpu->made % 3 * PAGE, 0);
			do_with(cpu, LD(rd, rs1), rs1, NO_TABLE, 0);
			if (rs1 % 4 == 0)
				fence_all();
			do_with(cpu, LD(rd, rs1), rs1, TEST_VA + PAGE, 1u << rd);
			value_is(cpu, frame_at(cpu, 0, TEST_VA + PAGE), rd);
			do_with(cpu, LD(rd, rs1), rs1, cpu->frame[0] + ODD_PLACE, 1u << rd);
			value_is(cpu, ODD_VALUE, rd);
		}
	}
}

static void calls(struct cpu *cpu)
{
	static const uint64_t calls[][2] = { { 0x0badbad, 0 }, { SBI_BASE, 0 }, { SBI_HSM, 2 } };

	for (unsigned int i = 0; i < 3 * 50; i++) {
		fill(cpu);
		cpu->before.x[10] = 0;
		cpu->before.x[16] = calls[i % 3][1];
		cpu->before.x[17] = calls[i % 3][0];
		do_filled(cpu, ECALL, 3u << 10);
	}
	for (unsigned int n = 0; n < 32; n++) {
		fill(cpu);
		do_filled(cpu, CUSTOM(n, n), 0);
		do_filled(cpu, CSR_OF_M(n), 0);
	}
}

static void naps(struct cpu *cpu)
{
	uint64_t now;

	csr_set(sie, 1ul << IRQ_TIMER);
	for (unsigned int i = 0; i < 50; i++) {
		__asm__ volatile("rdtime %0" : "=r"(now));
		sbi_call(SBI_TIME, 0, now + 300, 0, 0, 0, 0);
		fill(cpu);
		do_filled(cpu, WFI, 0);
	}
	csr_clear(sie, 1ul << IRQ_TIMER);
	sbi_call(SBI_TIME, 0, ~0ul, 0, 0, 0, 0);
}

/* --- the CPUs ------------------------------------------------------------------- */

static void prepare(struct cpu *cpu, unsigned int number)
{
	cpu->number = number;
	for (unsigned int i = 0; i < 2; i++) {
		cpu->root[i] = root_new(mode);
		cpu->frame[i] = page_alloc();
		write64(cpu->frame[i], cpu->frame[i]);
		for (unsigned int n = 0; n < 8; n++)
			((uint8_t *)cpu->frame[i])[ODD_PLACE + n] = ODD_VALUE >> 8 * n;
	}
	for (unsigned int i = 0; i < 2; i++) {
		for (uint64_t va = TEST_VA; va <= FIXED; va += PAGE)
			map_page(mode, cpu->root[i], va, cpu->frame[i], PTE_RW);
		map_page(mode, cpu->root[i], DEVICE, UART, PTE_RW);
		cpu->satp[i] = satp_value(mode, cpu->root[i], i + 1);
	}
	cpu->ring = (volatile struct hm_ring *)page_alloc();
}

static void do_all(struct cpu *cpu)
{
	uint64_t floats[2][32];

	csr_write(satp, cpu->satp[0]);
	fence_all();
	if (!ring_offered() || ring_set((uint64_t)cpu->ring, (uint64_t)cpu->ring))
		cpu->ring = NULL;
	for (unsigned int n = 0; n < 32; n++)
		floats[0][n] = ~(uint64_t)cpu->number << n * (cpu->number + 1);
	csr_set(sstatus, SSTATUS_FS);
	floats_load(floats[0]);
	fences(cpu);
	commits(cpu);
	switches(cpu);
	devices(cpu);
	loads(cpu);
	calls(cpu);
	naps(cpu);
	floats_store(floats[1]);
	for (unsigned int n = 0; n < 32; n++)
		cpu->floats_lost += floats[0][n] != floats[1][n];
	csr_write(satp, 0);
	fence_all();
	__asm__ volatile("fence rw, rw" ::: "memory");
	cpu->done = true;
}

void other_cpu(void);
extern const char other_entry[];
__asm__(".pushsection .text\n"
	"	.balign	4\n"
	"other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n"
	"1:	wfi\n"
	"	j	1b\n"
	"	.popsection\n");

void other_cpu(void)
{
	do_all(&cpus[1]);
}

static void judge(const struct cpu *cpu)
{
	if (cpu->lost)
		note_values("lost: instruction, registers, before, behind", cpu->first, 4);
	fact_equal(cpu->lost, 0, "no register is lost");
	fact_equal(cpu->wrong, 0, "each destination has what it should have");
	fact_equal(cpu->stale, 0, "nothing that was fenced is old");
	fact_equal(cpu->floats_lost, 0, "no floating-point register is lost");
}

void payload(uint64_t hart)
{
	bool two;

	mode = first_mode();
	prepare(&cpus[0], 0);
	prepare(&cpus[1], 1);
	two = sbi_call(SBI_HSM, 0, !hart, (uint64_t)other_entry,
		       (uint64_t)second_stack + sizeof(second_stack), 0, 0)
		      .error == SBI_OK;
	do_all(&cpus[0]);
	while (two && !cpus[1].done)
		;
	judge(&cpus[0]);
	if (two)
		judge(&cpus[1]);
}
