// SPDX-License-Identifier: BSD-2-Clause
/*
 * traps.c - which accesses trap, and what mtval says (privileged specification, 3.1.16).
 *
 * Each line is what a function returned, or TRAPPED and its cause; then mtval, relative to the
 * data for an access.
 */
#include "../hspt/bare.h"

static u64 data[4] __attribute__((aligned(64))) = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

#define ACCESS(name, instruction)                                             \
	u64 name(u64 address, u64 value);                                     \
	__asm__(".option push\n.option arch, +c\n" #name ":	" instruction \
		"\n	ret\n.option pop\n")

ACCESS(do_lb, "lb a0, 0(a0)");
ACCESS(do_lh, "lh a0, 0(a0)");
ACCESS(do_lw, "lw a0, 0(a0)");
ACCESS(do_ld, "ld a0, 0(a0)");
ACCESS(do_c_ld, "c.ld a0, 0(a0)");
ACCESS(do_flw, "flw fa0, 0(a0)\n	fmv.x.w a0, fa0");
ACCESS(do_fld, "fld fa0, 0(a0)\n	fmv.x.d a0, fa0");
ACCESS(do_flh, ".word 0x00051507\n	.word 0xe4050553"); /* flh fa0, 0(a0); fmv.x.h a0, fa0 */
ACCESS(do_sh, "sh a1, 0(a0)\n	li a0, 0");
ACCESS(do_sw, "sw a1, 0(a0)\n	li a0, 0");
ACCESS(do_sd, "sd a1, 0(a0)\n	li a0, 0");
ACCESS(do_c_sw, "c.sw a1, 0(a0)\n	li a0, 0");
ACCESS(do_fsd, "fsd fa0, 0(a0)\n	li a0, 0");
ACCESS(do_amo, "amoadd.w a0, a1, (a0)");
ACCESS(do_lr, "lr.w a0, (a0)");
ACCESS(do_illegal, ".word 0xffffffff");
ACCESS(do_c_illegal, ".half 0");
ACCESS(do_csr, "csrr a0, mhartid");

struct access {
	const char *name;
	u64 (*function)(u64 address, u64 value);
	u64 offset;
};

static const struct access accesses[] = {
	{ "lb", do_lb, 1 },      { "lh", do_lh, 1 },           { "lw", do_lw, 2 },
	{ "ld", do_ld, 4 },      { "ld-aligned", do_ld, 8 },   { "c.ld", do_c_ld, 1 },
	{ "flw", do_flw, 2 },    { "fld", do_fld, 4 },         { "flh", do_flh, 1 },
	{ "sh", do_sh, 17 },     { "sw", do_sw, 18 },          { "sd", do_sd, 20 },
	{ "c.sw", do_c_sw, 17 }, { "fsd", do_fsd, 20 },        { "amo", do_amo, 18 },
	{ "lr", do_lr, 2 },      { "illegal", do_illegal, 0 }, { "c.illegal", do_c_illegal, 0 },
	{ "csr", do_csr, 0 },
};

static u64 mtval(void)
{
	u64 value;

	__asm__ volatile("csrr %0, mtval" : "=r"(value));
	return value;
}

__attribute__((noreturn, used)) void main(void)
{
	csr_write(pmpaddr0, ~0ul);
	csr_write(pmpcfg0, 0x1f);
	csr_set(mstatus, 1ul << 13); /* FS */
	for (unsigned int i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		u64 address = (u64)data + accesses[i].offset, value;

		csr_write(mtval, 0);
		value = call(SUPERVISOR, (u64)accesses[i].function, address, 0x1122334455667788);
		print(accesses[i].name, value);
		print("mtval", mtval() - (u64)data < sizeof(data) ? mtval() - (u64)data : mtval());
	}
	print("stored", data[2]);
	*FINISHER = 0x5555;
	for (;;)
		;
}
