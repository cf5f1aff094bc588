/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fatal.c - a message, all harts stopped, a shutdown: after a fault of the
 * firmware nothing can be trusted any more.
 *
 * Whatever is called here takes no lock: the hart that faulted, or one that was
 * stopped, may hold it.
 */
#include <sbi/sbi_console.h>
#include <sbi/sbi_ecall_interface.h>
#include <sbi/sbi_hsm.h>
#include <sbi/sbi_ipi.h>
#include <sbi/sbi_scratch.h>
#include <sbi/sbi_system.h>

#include "core/fatal.h"
#include "core/trace.h"
#include "metal/hart.h"
#include "metal/metal.h"

/* Turns of a loop: a hart whose M-mode takes longer is stopped before it leaves that. */
#define PATIENCE 1000000

void __noreturn hm_fatal_end(void);

/* Who takes it first, by a store of what is not 0, writes the rest. */
u32 hm_fatal_taken;
struct hm_fatal hm_fatal = { .hart = ~0ull };

/* OpenSBI's functions look for this hart's scratch space where it always is. */
static void find_scratch(void)
{
	hart_write(CSR_MSCRATCH, sbi_hartid_to_scratch(hm_fatal.hart));
}

/*
 * A hart that waits for its start in OpenSBI's loop stays there, since none is left to
 * start it; one that is on its way out of it stops at the end of that.
 */
static void stop_others(void)
{
	u32 self = sbi_hartid_to_hartindex(hm_fatal.hart), running = 0;

	for (u32 i = 0; i <= sbi_scratch_last_hartindex(); i++) {
		if (i == self)
			continue;
		running += __sbi_hsm_hart_get_state(i) == SBI_HSM_STATE_STARTED;
		sbi_ipi_raw_send(i);
	}
	for (u32 turns = PATIENCE; turns; turns--)
		if (__atomic_load_n(&hm_stopped, __ATOMIC_RELAXED) >= running)
			return;
}

static void put_text(const struct sbi_console_device *console, const char *text)
{
	for (; *text; text++) {
		if (console->console_putc)
			console->console_putc(*text);
		else
			console->console_puts(text, 1);
	}
}

static void print_fault(void)
{
	const struct sbi_console_device *console = sbi_console_get_device();
	char text[200];

	if (!console)
		return;
	sbi_snprintf(
		text, sizeof(text),
		"\r\nhmcode: fault in the firmware: hart %lu, cause %lx at %lx, value %lx, ra %lx, sp %lx\r\n",
		(unsigned long)hm_fatal.hart, (unsigned long)hm_fatal.cause,
		(unsigned long)hm_fatal.pc, (unsigned long)hm_fatal.value,
		(unsigned long)hm_fatal.x[1], (unsigned long)hm_fatal.x[2]);
	put_text(console, text);
}

#ifdef HM_TRACED
static void put_line(const char *line)
{
	put_text(sbi_console_get_device(), line);
}

static void say_events(void)
{
	if (sbi_console_get_device())
		hm_trace_show(put_line);
}
#define AND_EVENTS say_events,
#else
#define AND_EVENTS
#endif

static void shut_down(void)
{
	const struct sbi_system_reset_device *device = sbi_system_reset_get_device(
		SBI_SRST_RESET_TYPE_SHUTDOWN, SBI_SRST_RESET_REASON_SYSFAIL);

	if (device)
		device->system_reset(SBI_SRST_RESET_TYPE_SHUTDOWN, SBI_SRST_RESET_REASON_SYSFAIL);
}

/* From fatal_vector.S, and again after a fault in one of these: it goes on with the next. */
void __noreturn hm_fatal_end(void)
{
	static void (*const steps[])(void) = { find_scratch, stop_others, print_fault,
					       AND_EVENTS shut_down };
	static unsigned int begun;

	while (begun < array_size(steps))
		steps[begun++]();
	hm_stop();
}

void hm_stop_if_fatal(void)
{
	if (__atomic_load_n(&hm_fatal_taken, __ATOMIC_ACQUIRE))
		hm_stop();
}

void __real_sbi_ipi_process(void);
void __wrap_sbi_ipi_process(void);

/* Every IPI comes here, in both worlds. */
void __wrap_sbi_ipi_process(void)
{
	hm_stop_if_fatal();
	__real_sbi_ipi_process();
}
