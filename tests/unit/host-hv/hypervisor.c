/* SPDX-License-Identifier: BSD-2-Clause */
/* hypervisor.c - a hart with H on the build machine (mock/hypervisor.h); a test plays the guest. */
#include "hypervisor.h"

#define MOCK_CSR(csr) unsigned long mock_##csr;
MOCK_CSRS(MOCK_CSR)
#undef MOCK_CSR

char fenced[1024];
void (*on_guest)(uint64_t *x);
long code[2];
uint64_t code_at;

void note_fence(const char *format, ...)
{
	size_t at = strlen(fenced);
	va_list args;

	va_start(args, format);
	vsnprintf(fenced + at, sizeof(fenced) - at, format, args);
	va_end(args);
	strncat(fenced, ";", sizeof(fenced) - strlen(fenced) - 1);
}

void guest_switch(uint64_t *x)
{
	on_guest(x);
}

long guest_load_code(uint64_t va)
{
	long half = code[va != code_at];

	if (half < 0) {
		mock_scause = -half;
		mock_stval = va;
	}
	return half;
}

/* Each register is the number of the vCPU whose it is. */
static uint64_t fp;

void guest_fp_save(struct fp_state *state)
{
	state->f[0] = fp;
}

void guest_fp_load(const struct fp_state *state)
{
	fp = state->f[0];
}
