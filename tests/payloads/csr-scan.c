// SPDX-License-Identifier: BSD-2-Clause
/*
 * Every CSR number is read, from S-mode and from U-mode; what can be written holds something
 * then, and is read again after a call that leaves the guest, and after time in which others
 * run.  Prints "csr MODE NUMBER VALUE" for what can be read: tests/boot/test_csr.py compares.
 */
#include "payload.h"

#define NUMBERS     4096
#define UNREADABLE  0xdead0000dead0000ul /* in place of a value: an illegal instruction */
#define OTHERS_TURN 40000                /* ticks: several slices, if others have any */

enum { CYCLE = 0xc00, TIME = 0xc01, INSTRET = 0xc02, SIP = 0x144 };

/* Eight bytes each: csrr a0, NUMBER; ret.  Then the same for U-mode, which ends by ecall. */
static uint64_t readers, user_readers;
static uint64_t before[NUMBERS], after[NUMBERS];

/* The pages of the readers come one after the other. */
static uint64_t write_readers(uint32_t last)
{
	uint64_t code = page_alloc();

	for (unsigned int i = 1; i < NUMBERS * 8 / PAGE; i++)
		page_alloc();
	for (uint32_t n = 0; n < NUMBERS; n++) {
		((volatile uint32_t *)code)[2 * n] = n << 20 | 0x2573;
		((volatile uint32_t *)code)[2 * n + 1] = last;
	}
	__asm__ volatile("fence.i" ::: "memory");
	return code;
}

static uint64_t read_number(uint64_t number, uint64_t unused)
{
	(void)unused;
	return ((uint64_t(*)(void))(readers + 8 * number))();
}

/* Counters run: what they show is no state. */
static bool runs(unsigned int n)
{
	return n >= CYCLE && n <= INSTRET;
}

static uint64_t value_of(unsigned int n)
{
	struct outcome o = attempt(read_number, n, 0);

	return o.cause != CAUSE_NONE ? UNREADABLE : runs(n) ? 0 : o.value;
}

static void scan(uint64_t *values)
{
	for (unsigned int n = 0; n < NUMBERS; n++)
		values[n] = value_of(n);
}

static unsigned int changed(void)
{
	unsigned int count = 0;

	scan(after);
	for (unsigned int n = 0; n < NUMBERS; n++) {
		if (after[n] == before[n])
			continue;
		count++;
		note_csr("changed", n, after[n]);
	}
	return count;
}

/* Values that no other program, and no reset, has. */
static void fill(void)
{
	csr_set(sstatus, SSTATUS_SPIE | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_FS);
	__asm__ volatile("fscsr zero, %0" ::"r"(0x65ul));
	csr_write(sie, 1ul << IRQ_EXTERNAL | 1ul << IRQ_SOFT);
	csr_write(scounteren, 5);
	csr_write(sscratch, csr_read(sscratch));
	csr_write(sip, 1ul << IRQ_SOFT);
	/* UXL: user code of 32 bits, where the hart has it. */
	csr_write(sstatus, (csr_read(sstatus) & ~(3ul << 32)) | 1ul << 32);
}

static void leave_the_guest(void)
{
	sbi_call(SBI_DBCN, 2, '\n', 0, 0, 0, 0);
}

static void let_others_run(void)
{
	uint64_t begin = read_number(TIME, 0);

	while (read_number(TIME, 0) - begin < OTHERS_TURN)
		;
}

static void from_user_mode(void)
{
	const struct mode *mode = first_mode();
	uint64_t root;

	root = root_new(mode);
	for (unsigned int i = 0; i < NUMBERS * 8 / PAGE; i++)
		map_page(mode, root, USER_VA + i * PAGE, user_readers + i * PAGE, PTE_RX | PTE_U);
	csr_write(scounteren, 5);
	satp_load(mode, root, 0);
	fence_all();
	for (unsigned int n = 0; n < NUMBERS; n++)
		if (attempt_user(USER_VA + 8 * n, 0, 0).cause == CAUSE_USER_ECALL)
			note_csr("U", n, 0);
	csr_write(satp, 0);
}

void payload(uint64_t hart)
{
	(void)hart;
	readers = write_readers(0x00008067);
	user_readers = write_readers(0x00000073);
	fill();
	scan(before);
	scan(before); /* the first has made stval, sepc and scause what each scan leaves */
	fact_equal(changed(), 0, "no CSR changes by itself");
	leave_the_guest();
	fact_equal(changed(), 0, "every CSR is kept over an exit");
	let_others_run();
	fact_equal(changed(), 0, "and while others run");
	csr_write(sip, 0);
	csr_write(sie, 0);
	csr_write(sstatus, (csr_read(sstatus) & ~(3ul << 32)) | 2ul << 32);
	for (unsigned int n = 0; n < NUMBERS; n++)
		if (before[n] != UNREADABLE)
			note_csr("S", n, before[n]);
	from_user_mode();
}
