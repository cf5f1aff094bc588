/* SPDX-License-Identifier: BSD-2-Clause */
/* cause.h - exceptions by their number ("Supervisor Cause Register"). */
#ifndef ARCH_CAUSE_H
#define ARCH_CAUSE_H

#define CAUSE_FETCH_ACCESS        1
#define CAUSE_ILLEGAL_INSTRUCTION 2
#define CAUSE_LOAD_ACCESS         5
#define CAUSE_MISALIGNED_STORE    6
#define CAUSE_STORE_ACCESS        7
#define CAUSE_FETCH_PAGE_FAULT    12
#define CAUSE_LOAD_PAGE_FAULT     13
#define CAUSE_STORE_PAGE_FAULT    15

#endif
