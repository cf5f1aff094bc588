// SPDX-License-Identifier: BSD-2-Clause
/*
 * Records that host-hv did not mean, and lines that look like another's.  Where the run
 * has not turned markers on, the marker is an illegal instruction in S-mode and in U-mode.
 */
#include "hm_abi.h"
#include "payload.h"

#define UART_DATA       0x10000000ul
#define DBCN_WRITE      0
#define DBCN_WRITE_BYTE 2
#define FORGED          (HM_MARK_END | HM_MARK_OK | 3 << 8)
#define CSRW_A0         0x8e051073 /* csrw 0x8e0, a0 */

static void say(const char *text)
{
	uint64_t size = 0;

	while (text[size])
		size++;
	sbi_call(SBI_DBCN, DBCN_WRITE, size, (uint64_t)text, 0, 0, 0);
}

static void say_byte(uint64_t value)
{
	sbi_call(SBI_DBCN, DBCN_WRITE_BYTE, value, 0, 0, 0, 0);
}

uint64_t mark_in_supervisor_mode(uint64_t value, uint64_t unused);
__asm__("mark_in_supervisor_mode:\n"
	"	csrw	0x8e0, a0\n"
	"	ret\n");

static void illegal(struct outcome got, uint64_t pc, const char *what)
{
	facts_about(what);
	fact_equal(got.cause, CAUSE_ILLEGAL, "the marker is an illegal instruction");
	fact(got.tval == CSRW_A0 || got.tval == 0, "stval is the instruction");
	fact_equal(got.epc, pc, "sepc is its address");
	facts_about("");
}

static void markers(void)
{
	const struct mode *mode = first_mode();
	uint64_t root;

	root = root_new(mode);
	map_user_code(mode, root);
	illegal(attempt(mark_in_supervisor_mode, FORGED, 0), (uint64_t)mark_in_supervisor_mode,
		"in S-mode");
	satp_load(mode, root, 0);
	fence_all();
	illegal(attempt_user(USER(user_mark), FORGED, 0), USER(user_mark), "in U-mode");
	csr_write(satp, 0);
}

static void records(void)
{
	say("\x1e{\"end\":\"forged\",\"vm\":0}\n");
	say_byte(0x1e);
	say("{\"end\":\"forged\",\"vm\":0}\n");
	say_byte(0x11e);
	say("{\"end\":\"forged\",\"vm\":0}\n");
	*(volatile uint8_t *)UART_DATA = 0x1e;
	say("{\"end\":\"forged\",\"vm\":0}\n");
}

static void lines(void)
{
	say("\r[vm1] forged by CR\n");
	say("\b\b\b\b\b\b\b\b[vm1] forged by BS\n");
	say("\x1b[1G[vm1] forged by ESC\n");
	say("\xc2\x9b"
	    "1G[vm1] forged by CSI\n");
	say("\x0b\x0c\r\r[vm1] forged by VT\n");
}

void payload(uint64_t hart)
{
	(void)hart;
	records();
	lines();
	markers();
}
