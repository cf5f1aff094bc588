/* SPDX-License-Identifier: BSD-2-Clause */
/* no_hap.c - hap/ for tests whose guests never run by it. */
#include <stdlib.h>

#include "hap/hap.h"

void hap_create(struct vm *vm, bool small)
{
	(void)vm, (void)small;
	abort();
}

void hap_start(struct vcpu *v)
{
	(void)v;
	abort();
}

void hap_release(const struct vcpu *v)
{
	(void)v;
	abort();
}

void hap_begin_turn(struct vcpu *v)
{
	(void)v;
	abort();
}

void hap_end_turn(struct vcpu *v)
{
	(void)v;
	abort();
}

void hap_enter(struct vcpu *v)
{
	(void)v;
	abort();
}

long hap_exit(struct vcpu *v)
{
	(void)v;
	abort();
}
