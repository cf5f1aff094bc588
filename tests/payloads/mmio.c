// SPDX-License-Identifier: BSD-2-Clause
/* Devices at QEMU virt's addresses: register accesses of all widths and forms, holes, fetches. */
#include "payload.h"

#define UART           0x10000000ul
#define UART_THR       0
#define UART_IER       1
#define UART_LCR       3
#define UART_LSR       5
#define UART_SCRATCH   7
#define LSR_IDLE       0x60
#define PLIC           0x0c000000ul
#define PLIC_PRIORITY  (PLIC + 4 * 10) /* of the UART's interrupt */
#define PLIC_CONTEXT_S 1
#define PLIC_ENABLE    (PLIC + 0x2000 + 0x80 * PLIC_CONTEXT_S)
#define PLIC_THRESHOLD (PLIC + 0x200000 + 0x1000 * PLIC_CONTEXT_S)
#define PLIC_CLAIM     (PLIC_THRESHOLD + 4)
#define UART_IRQ       10
#define HOLE           0x14000000ul /* nothing is there on virt */

static uint8_t read8(uint64_t at)
{
	return *(volatile uint8_t *)at;
}

static void write8(uint64_t at, uint8_t value)
{
	*(volatile uint8_t *)at = value;
}

static uint32_t read32(uint64_t at)
{
	return *(volatile uint32_t *)at;
}

static void write32(uint64_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

static void uart_registers(void)
{
	int64_t byte;

	fact_equal(read8(UART + UART_LSR) & LSR_IDLE, LSR_IDLE, "the transmitter is idle");
	for (const char *at = "note by the UART\n"; *at; at++)
		write8(UART + UART_THR, *at);
	write8(UART + UART_SCRATCH, 0xa5);
	fact_equal(read8(UART + UART_SCRATCH), 0xa5, "lbu of the scratch register");
	__asm__ volatile("lb %0, 7(%1)" : "=r"(byte) : "r"(UART));
	fact_equal((uint64_t)byte, (uint64_t)(int64_t)(int8_t)0xa5, "lb extends the sign");
	write8(UART + UART_LCR, 3);
	fact_equal(read8(UART + UART_LCR), 3, "the line control register");
}

/* Every register can be the operand of an emulated access. */
static void all_operand_registers(void)
{
	uint64_t good = 0, got;

#define VIA(reg)                                                                   \
	__asm__ volatile("mv " #reg ", %1\n sb " #reg ", 7(%2)\n li " #reg ", 0\n" \
			 "lbu " #reg ", 7(%2)\n mv %0, " #reg                      \
			 : "=&r"(got)                                              \
			 : "r"(0x5aul), "r"(UART)                                  \
			 : #reg, "memory");                                        \
	good += got == 0x5a;                                                       \
	write8(UART + UART_SCRATCH, 0)
	VIA(ra);
	VIA(t0);
	VIA(t1);
	VIA(t2);
	VIA(s1);
	VIA(a0);
	VIA(a5);
	VIA(a7);
	VIA(s2);
	VIA(s5);
	VIA(s11);
	VIA(t3);
	VIA(t6);
	fact_equal(good, 13, "all kinds of registers as operands");
}

static void plic_registers(void)
{
	write32(PLIC_PRIORITY, 5);
	fact_equal(read32(PLIC_PRIORITY), 5, "a priority of the interrupt controller");
	write32(PLIC_PRIORITY, 0);
	write32(PLIC_THRESHOLD, 3);
	fact_equal(read32(PLIC_THRESHOLD), 3, "a threshold");
	write32(PLIC_THRESHOLD, 0);
	write32(PLIC_ENABLE, 1 << UART_IRQ);
	fact_equal(read32(PLIC_ENABLE), 1 << UART_IRQ, "an enable bit");
	fact_equal(read32(PLIC_CLAIM), 0, "nothing to claim");
	write32(PLIC_ENABLE, 0);
}

static void compressed(void)
{
	uint64_t got;

	write32(PLIC_PRIORITY, 0);
	__asm__ volatile(
		"mv a5, %1\n li a4, 6\n c.sw a4, 0(a5)\n li a4, 0\n c.lw a4, 0(a5)\n mv %0, a4"
		: "=r"(got)
		: "r"(PLIC_PRIORITY)
		: "a4", "a5", "memory");
	fact_equal(got, 6, "compressed loads and stores");
	write32(PLIC_PRIORITY, 0);
}

static bool external_pending(void)
{
	return csr_read(sip) & 1ul << IRQ_EXTERNAL;
}

/*
 * The UART's "transmitter empty" interrupt travels through the controller to
 * S-mode.  Facts are printed afterwards: printing may use the same UART.
 */
static void interrupt(void)
{
	bool raised, while_claimed, after;
	uint32_t claimed;

	write32(PLIC_PRIORITY, 1);
	write32(PLIC_ENABLE, 1 << UART_IRQ);
	write8(UART + UART_IER, 2);
	raised = external_pending();
	csr_set(sie, 1ul << IRQ_EXTERNAL);
	csr_set(sstatus, SSTATUS_SIE);
	__asm__ volatile("nop; nop");
	csr_clear(sstatus, SSTATUS_SIE);
	claimed = read32(PLIC_CLAIM);
	while_claimed = external_pending();
	write8(UART + UART_IER, 0);
	write32(PLIC_CLAIM, UART_IRQ);
	after = external_pending();
	write32(PLIC_ENABLE, 0);
	write32(PLIC_PRIORITY, 0);

	fact(raised, "the UART's interrupt is pending");
	fact_equal(interrupts_taken[IRQ_EXTERNAL], 1, "it is taken");
	fact_equal(claimed, UART_IRQ, "and claimed");
	fact(!while_claimed, "claimed, it is not pending");
	fact(!after, "nor after the device was served");
}

static void holes(uint64_t va)
{
	fact_equal(load_cause(va), CAUSE_LOAD_ACCESS, "a load where nothing is");
	fact_equal(try_load(va + 8).tval, va + 8, "stval tells where");
	fact_equal(store_cause(va), CAUSE_STORE_ACCESS, "a store where nothing is");
	fact_equal(fetch_cause(va), CAUSE_FETCH_ACCESS, "a fetch where nothing is");
}

void payload(uint64_t hart)
{
	const struct mode *mode = first_mode();
	uint64_t root;

	(void)hart;
	root = root_new(mode);
	for (int paged = 0; paged < 2; paged++) {
		facts_about(paged ? "paged" : "bare");
		if (paged) {
			map_page(mode, root, TEST_VA, HOLE, PTE_RWX);
			satp_load(mode, root, 0);
			fence_all();
			interrupts_taken[IRQ_EXTERNAL] = 0;
		}
		uart_registers();
		all_operand_registers();
		plic_registers();
		compressed();
		interrupt();
		holes(paged ? TEST_VA : HOLE);
	}
	csr_write(satp, 0);
}
