/* SPDX-License-Identifier: BSD-2-Clause */
#include "world/delegation.h"
#include "world/lending.h"

/* What the host has written to the page since the exit is newer than what the hart has. */
void hm_lending_take_back(struct hm_hart *hart, u64 flags)
{
	struct hm_run *run = hart->lent_to->run;

	if (!(flags & HM_RUN_NEW_CSRS)) {
		save_other_csrs(run, hart->envcfg);
		if (!(flags & HM_RUN_NEW_TRAP))
			save_trap_csrs(run);
	}
	load_host_delegation(hart, hart->envcfg);
	hart->lent_to = NULL;
}
