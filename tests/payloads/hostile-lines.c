// SPDX-License-Identifier: BSD-2-Clause
/*
 * CPU 1 raises and lowers the external interrupt of CPU 0, which has stopped, for ever: who else
 * runs on that one's hart notices nothing.
 */
#include "payload.h"

#define UART_IER      0x10000001ul
#define IER_THR_EMPTY 2
#define UART_IRQ      10
#define PLIC          0x0c000000ul
#define PRIORITY(irq) (PLIC + 4 * (irq))
#define ENABLE_CPU_0  (PLIC + 0x2080) /* of its S context */
#define HSM_START     0
#define HSM_STOP      1

void other_cpu(void);
extern const char other_entry[];
static uint8_t stack[4096] __attribute__((aligned(16)));

__asm__("other_entry:\n"
	"	mv	sp, a1\n"
	"	call	other_cpu\n");

static void put(uint64_t reg, uint32_t value)
{
	*(volatile uint32_t *)reg = value;
}

void other_cpu(void)
{
	put(PRIORITY(UART_IRQ), 1);
	*(volatile uint8_t *)UART_IER = IER_THR_EMPTY; /* the transmitter is always empty */
	note("begins");
	for (;;) {
		put(ENABLE_CPU_0, 1u << UART_IRQ);
		put(ENABLE_CPU_0, 0);
	}
}

void payload(uint64_t hart)
{
	(void)hart;
	csr_write(sie, 0);
	fact_equal(sbi_call(SBI_HSM, HSM_START, 1, (uint64_t)other_entry,
			    (uint64_t)stack + sizeof(stack), 0, 0)
			   .error,
		   SBI_OK, "CPU 1 starts");
	sbi_call(SBI_HSM, HSM_STOP, 0, 0, 0, 0, 0);
}
