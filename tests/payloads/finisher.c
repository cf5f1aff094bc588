// SPDX-License-Identifier: BSD-2-Clause
/*
 * QEMU virt's test device: which accesses it answers, and, with by=NUMBER, the store that ends the
 * machine: 0x5555 powers it off, 0x7777 reboots it, 0x13333 fails with status 1.  width=2 stores
 * half a word.
 */
#include "payload.h"

#define FINISHER 0x100000ul

static uint64_t store_byte(uint64_t at, uint64_t value)
{
	*(volatile uint8_t *)at = value;
	return 0;
}

static void answers(uint64_t at)
{
	fact_equal(attempt(load_sized, at, 1).cause, CAUSE_LOAD_ACCESS, "a load of 1 byte faults");
	fact_equal(attempt(load_sized, at, 2).value, 0, "a load of 2 bytes");
	fact_equal(attempt(load_sized, at, 4).value, 0, "a load of 4 bytes");
	fact_equal(attempt(store_byte, at, 0x55).cause, CAUSE_STORE_ACCESS,
		   "a store of 1 byte faults");
}

static void ignores(void)
{
	*(volatile uint32_t *)FINISHER = 0;
	*(volatile uint32_t *)FINISHER = 0x55550000;
	*(volatile uint16_t *)FINISHER = 0x5554;
	*(volatile uint16_t *)(FINISHER + 2) = 0x5555;
	*(volatile uint32_t *)(FINISHER + 4) = 0x5555;
	*(volatile uint32_t *)(FINISHER + 0xffc) = 0x7777;
	fact(true, "what means nothing ends nothing");
}

void payload(uint64_t hart)
{
	uint64_t by = payload_option("by", 0);

	(void)hart;
	answers(FINISHER);
	answers(FINISHER + 0xff8);
	ignores();
	if (!by)
		return;
	note("ends by the device");
	if (payload_option("width", 4) == 2)
		*(volatile uint16_t *)FINISHER = by;
	else
		*(volatile uint32_t *)FINISHER = by;
	/*
	 * QEMU's machine ends soon, not with the store: nothing is said that it could still print.
	 */
	for (;;)
		;
}
