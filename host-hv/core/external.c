/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/external.h"

#include "core/console.h"
#include "core/platform.h"
#include "hm_abi.h"

/* PLIC registers (RISC-V PLIC specification), 4 bytes each. */
#define PLIC_PRIORITY(source)  (4 * (source))
#define PLIC_ENABLE(c, source) (0x2000 + 0x80 * (c) + (source) / 32 * 4)
#define PLIC_THRESHOLD(c)      (0x200000 + 0x1000 * (c))
#define PLIC_CLAIM(c)          (0x200004 + 0x1000 * (c))

static struct {
	volatile uint8_t *plic; /* NULL: there is none */
	uint32_t context;
	bool direct; /* interrupts come to us without the firmware */
	unsigned count;
	struct listener {
		uint32_t source;
		bool (*serve)(void *whose);
		void *whose;
	} listeners[2 + MAX_VIRTIO]; /* keyboard and clock */
} external;

static volatile uint32_t *plic_register(unsigned offset)
{
	return (volatile uint32_t *)(external.plic + offset);
}

void external_init(const struct platform *p, bool direct)
{
	external.direct = direct;
	if (!p->plic.size)
		return;
	external.plic = (volatile uint8_t *)p->plic.base;
	external.context = direct ? p->plic_s_context : p->plic_context;
	*plic_register(PLIC_THRESHOLD(external.context)) = 0;
}

bool external_listen(uint32_t source, bool (*serve)(void *whose), void *whose)
{
	if (!external.plic || !source)
		return false;
	if (external.count == ARRAY_SIZE(external.listeners))
		fail("more devices of the platform interrupt than %lu",
		     ARRAY_SIZE(external.listeners));
	external.listeners[external.count++] = (struct listener){ source, serve, whose };
	*plic_register(PLIC_PRIORITY(source)) = 1;
	*plic_register(PLIC_ENABLE(external.context, source)) |= 1u << source % 32;
	return true;
}

/* The firmware keeps external interrupts from us until we say that we are ready for the next. */
static void interrupt_done(void)
{
	if (!external.direct)
		sbi_call(HM_EXT_ID, HM_FID_EXT_IRQ_DONE);
}

void external_begin(void)
{
	if (external.count)
		interrupt_done();
}

void external_done(uint32_t source)
{
	fence_io(); /* what its device was told comes first */
	*plic_register(PLIC_CLAIM(external.context)) = source;
	fence_io();
}

static void serve_claimed(uint32_t source)
{
	bool done = true;

	for (unsigned i = 0; i < external.count; i++)
		if (source == external.listeners[i].source)
			done &= external.listeners[i].serve(external.listeners[i].whose);
	if (source && done)
		external_done(source);
}

void external_serve(void)
{
	if (external.plic)
		serve_claimed(*plic_register(PLIC_CLAIM(external.context)));
	interrupt_done();
}
