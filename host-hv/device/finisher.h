/* SPDX-License-Identifier: BSD-2-Clause */
/* finisher.h - the test finisher, by which a guest ends itself. */
#ifndef FINISHER_H
#define FINISHER_H

/* What the finisher takes at its first address, in the low half of what is stored. */
#define FINISHER_FAIL  0x3333
#define FINISHER_PASS  0x5555
#define FINISHER_RESET 0x7777

#endif
