/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's side of host-hv that the build machine has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/console.h"
#include "core/platform.h"
#include "core/serial.h"
#include "ssp_port.h"
#include "tsp_port.h"

jmp_buf *failed_to;
char failed_with[256];
char _image_start[PAGE], _image_end[1];

void serial_init(const struct platform *platform)
{
	(void)platform;
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failed_with, sizeof(failed_with), format, args);
	va_end(args);
	if (failed_to)
		longjmp(*failed_to, 1);
	fprintf(stderr, "%s\n", failed_with);
	abort();
}

_Bool ssp_port_swap(uint64_t hpa, uint64_t old, uint64_t new)
{
	return __atomic_compare_exchange_n((uint64_t *)hpa, &old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

uint64_t tsp_port_fp(unsigned int n)
{
	return n;
}
