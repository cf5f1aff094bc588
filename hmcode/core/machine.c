/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - what the cold boot finds out about the machine. */
#include "core/machine.h"

unsigned long hm_hart_offset, hm_timebase;
