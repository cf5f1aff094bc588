// SPDX-License-Identifier: BSD-2-Clause
/*
 * The UART by accesses of 1, 2, 4 and 8 bytes: each is one of the register at its address, whose
 * byte is the lowest.  Microkernels and drivers with a reg-io-width make them.  All that was read
 * is printed: what the bare machine prints is right.
 */
#include "payload.h"

#define UART  0x10000000ul
#define BYTES 8 /* of registers; nothing is behind them */
enum { THR, IER, FCR, LCR, MCR, LSR, MSR, SCR };
#define LCR_DLAB   0x80
#define LCR_8BIT   3
#define FCR_ENABLE 1
#define MCR_OUT2   8
#define FILL       0x5a5a5a5a5a5a5a00ul /* above the byte that counts */
#define SIZES      4
#define READS      (BYTES + BYTES / 2 + BYTES / 4 + BYTES / 8)

/* Printing needs the registers as they were, so all is printed in the end. */
static uint64_t seen[32][READS];
static unsigned int looks;

static void store(uint64_t at, uint64_t size, uint64_t value)
{
	switch (size) {
	case 1: *(volatile uint8_t *)at = value; break;
	case 2: *(volatile uint16_t *)at = value; break;
	case 4: __asm__ volatile("sw %0, 0(%1)" ::"r"(value), "r"(at) : "memory"); break;
	default: *(volatile uint64_t *)at = value;
	}
}

/* What each width reads of each register for which it is aligned. */
static void look(void)
{
	uint64_t *to = seen[looks++];

	for (uint64_t size = 1; size <= 8; size *= 2)
		for (uint64_t reg = 0; reg < BYTES; reg += size)
			*to++ = load_sized(UART + reg, size);
}

/* One register after another by one width: what is read then of it, and of its neighbours. */
static void write_each(uint64_t size)
{
	static const uint8_t values[BYTES] = {
		0x21, 0x43, FCR_ENABLE, LCR_DLAB | LCR_8BIT, 0x0b, 0xff, 0xff, 0xe7,
	};

	store(UART + LCR, 1, LCR_DLAB | LCR_8BIT);
	for (uint64_t reg = 0; reg < BYTES; reg += size) {
		store(UART + reg, size, FILL | values[reg]);
		look();
	}
	store(UART + LCR, 1, LCR_8BIT);
	store(UART + MCR, 1, MCR_OUT2);
	store(UART + SCR, 1, 0);
}

/* One character for each access, however wide it is. */
static void print_by(uint64_t size)
{
	for (const char *at = "printed by the UART\n"; *at; at++)
		store(UART + THR, size, FILL | (uint8_t)*at);
}

static void signs_and_forms(void)
{
	int64_t half, word;
	uint64_t compressed;

	store(UART + SCR, 1, 0x80);
	__asm__ volatile("lh %0, 6(%1)" : "=r"(half) : "r"(UART));
	__asm__ volatile("lw %0, 4(%1)" : "=r"(word) : "r"(UART));
	__asm__ volatile(
		"mv a5, %1\n li a4, 0x1a5\n c.sw a4, 4(a5)\n c.ld a4, 0(a5)\n c.lw a4, 4(a5)\n mv %0, a4"
		: "=r"(compressed)
		: "r"(UART)
		: "a4", "a5", "memory");
	store(UART + MCR, 1, MCR_OUT2);
	note_values("lh of MSR, lw of MCR, c.sw of MCR", (uint64_t[]){ half, word, compressed }, 3);
	store(UART + SCR, 1, 0);
}

/* At every address: which accesses reach beyond the registers, and what misaligned ones read. */
static void edges(uint64_t size)
{
	uint64_t causes[2 * BYTES], values[2 * BYTES];

	for (uint64_t at = 0; at < 2 * BYTES; at++) {
		struct outcome o = attempt(load_sized, UART + at, size);

		causes[at] = o.cause;
		values[at] = o.cause == CAUSE_NONE ? o.value : 0;
	}
	note_values("causes", causes, 2 * BYTES);
	note_values("values", values, BYTES);
}

static void misaligned_stores(void)
{
	uint64_t scratch;

	store(UART + SCR - 1, 2, 0xa5ff);
	scratch = load_sized(UART + SCR, 1);
	store(UART + LCR, 2, MCR_OUT2 << 8 | LCR_8BIT);
	note_values("SCR, LCR and MCR by misaligned stores",
		    (uint64_t[]){ scratch, load_sized(UART + LCR, 1), load_sized(UART + MCR, 1) },
		    3);
	fact_equal(scratch, 0, "an aligned store is of one register, though it covers two");
	fact_equal(load_sized(UART + LCR, 1), LCR_8BIT,
		   "a misaligned one is of each piece that is aligned");
	store(UART + SCR, 1, 0);
}

void payload(uint64_t hart)
{
	(void)hart;
	store(UART + FCR, 1, FCR_ENABLE);
	for (uint64_t size = 1; size <= 8; size *= 2) {
		write_each(size);
		print_by(size);
	}
	for (unsigned int n = 0; n < looks; n++)
		note_values("registers", seen[n], READS);
	signs_and_forms();
	for (uint64_t size = 1; size <= 8; size *= 2)
		edges(size);
	misaligned_stores();
}
