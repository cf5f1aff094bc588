/* SPDX-License-Identifier: BSD-2-Clause */
/* retired.h - does a hart have a counter of retired instructions for the measurement? */
#ifndef HM_RETIRED_H
#define HM_RETIRED_H

#include <sbi/sbi_scratch.h>

/* In the cold boot, first.  An error of SBI's. */
int hm_retired_begin(void);

/* At each start of a hart, before OpenSBI looks for counters.  The first time it looks. */
void hm_retired_look(void);

/* What was found. */
bool hm_retired_of(struct sbi_scratch *scratch);

#endif
