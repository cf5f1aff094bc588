/* SPDX-License-Identifier: BSD-2-Clause */
/* load.h - where a guest came from and lies, to start it the first time and again. */
#ifndef LOAD_H
#define LOAD_H

#include "guest/create.h"
#include "guest/image.h"

struct guest_load {
	const struct guest_config *config;
	struct placement at;
	uint64_t restored; /* bytes of its RAM that are as in the beginning; its restarter's */
};

#endif
