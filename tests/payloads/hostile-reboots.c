// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reboots for ever: each time it says what it finds of the time before, in its memory, devices and
 * other CPUs, of which there must be nothing, and leaves all of them in use.  mib=NUMBER is its
 * memory.
 */
#include "payload.h"

#define MIB           (1ul << 20)
#define RAM           0x80000000ul
#define DIRT          0x6b6f6f6264697274ul
#define UART_IER      0x10000001ul
#define UART_SCRATCH  0x10000007ul
#define PLIC_PRIORITY 0x0c000028ul
#define PLIC_ENABLE   0x0c002080ul
#define RTC_ALARM     0x00101008ul
#define RTC_ENABLED   0x00101010ul
#define FINISHER      0x00100000ul
#define MOST_CPUS     4
#define HSM_STOPPED   1
#define COLD_REBOOT   1
#define WARM_REBOOT   2

extern char _pages[], _pages_end[], other_entry[];
void other_cpu(void);

static volatile uint64_t in_data = 1; /* of the file */
static volatile uint64_t in_bss;
static volatile uint32_t others;

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

static uint32_t read(uint64_t at)
{
	return *(volatile uint32_t *)at;
}

static void write(uint64_t at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

/*
 * All words that this program does not use itself: below its image, its spare pages, behind them.
 */
static uint64_t for_each_page(uint64_t (*visit)(uint64_t page))
{
	uint64_t end = RAM + payload_option("mib", 8) * MIB, tree = payload_tree(), sum = 0;

	for (uint64_t page = RAM; page < RAM + 2 * MIB; page += PAGE)
		sum += visit(page);
	for (uint64_t page = (uint64_t)_pages + 16 * PAGE; page < tree; page += PAGE)
		sum += visit(page);
	for (uint64_t page = tree + 64 * 1024; page < end; page += PAGE)
		sum += visit(page);
	return sum;
}

static uint64_t is_dirty(uint64_t page)
{
	return read64(page) || read64(page + PAGE / 2) || read64(page + PAGE - 8);
}

static uint64_t make_dirty(uint64_t page)
{
	write64(page, DIRT);
	write64(page + PAGE / 2, DIRT);
	write64(page + PAGE - 8, DIRT);
	return 1;
}

static void find_nothing(void)
{
	fact_equal(for_each_page(is_dirty), 0, "memory is zero");
	fact(in_data == 1 && in_bss == 0, "data are those of the file");
	fact_equal(csr_read(satp) | csr_read(sie) | csr_read(sip), 0, "CSRs are reset");
	fact_equal(*(volatile uint8_t *)UART_SCRATCH | *(volatile uint8_t *)UART_IER, 0,
		   "the UART is reset");
	fact_equal(read(PLIC_PRIORITY) | read(PLIC_ENABLE), 0, "the interrupt controller is reset");
	fact_equal(read(RTC_ALARM) | read(RTC_ENABLED), 0, "so is the clock's alarm");
	for (uint64_t cpu = 1; sbi_call(SBI_HSM, 2, cpu, 0, 0, 0, 0).error == SBI_OK; cpu++)
		fact_equal(sbi_call(SBI_HSM, 2, cpu, 0, 0, 0, 0).value, HSM_STOPPED,
			   "another CPU is stopped");
}

static void page(void)
{
	const struct mode *mode;
	uint64_t root = root_in_first_mode(&mode);

	map_page(mode, root, TEST_VA, (uint64_t)_pages_end - PAGE, PTE_RW);
	satp_load(mode, root, 1);
	fence_all();
	write64(TEST_VA, DIRT);
}

void other_cpu(void)
{
	page();
	__atomic_add_fetch(&others, 1, __ATOMIC_RELEASE);
	for (;;)
		write64(TEST_VA, DIRT);
}

static void use_everything(void)
{
	static uint8_t stacks[MOST_CPUS][4096] __attribute__((aligned(16)));
	uint32_t started = 0;

	for_each_page(make_dirty);
	in_data = in_bss = DIRT;
	/* One after another: pages are given out without a lock. */
	for (uint64_t cpu = 1; cpu < MOST_CPUS; cpu++) {
		started += sbi_call(SBI_HSM, 0, cpu, (uint64_t)other_entry,
				    (uint64_t)stacks[cpu] + sizeof(stacks[0]), 0, 0)
				   .error == SBI_OK;
		while (__atomic_load_n(&others, __ATOMIC_ACQUIRE) < started)
			;
	}
	page();
	*(volatile uint8_t *)UART_SCRATCH = 0xa5;
	*(volatile uint8_t *)UART_IER = 2;
	write(PLIC_PRIORITY, 7);
	write(PLIC_ENABLE, 1 << 10);
	write(RTC_ALARM, 1);
	write(RTC_ENABLED, 1);
	csr_write(sie, 1ul << IRQ_SOFT);
	sbi_call(SBI_IPI, 0, 1, 0, 0, 0, 0);
}

void payload(uint64_t hart)
{
	(void)hart;
	find_nothing();
	use_everything();
	note("reboots");
	switch (csr_read(time) % 3) {
	case 0: sbi_call(SBI_SRST, 0, COLD_REBOOT, 0, 0, 0, 0); break;
	case 1: sbi_call(SBI_SRST, 0, WARM_REBOOT, 0, 0, 0, 0); break;
	default: write(FINISHER, 0x7777);
	}
	note("is still there");
	for (;;)
		;
}
