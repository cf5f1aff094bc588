/* SPDX-License-Identifier: BSD-2-Clause */
/* hypervisor.h - harts with the H extension, for policy=hap. */
#ifndef HYPERVISOR_H
#define HYPERVISOR_H

#include "core/platform.h"
#include "hm_abi.h"

/*
 * Ends the machine with a message if guests cannot run by H here.  info: what the firmware would
 * say of itself in other modes, of the harts.
 */
void hypervisor_init(const struct platform *p, bool marks, struct hm_info *info);

#endif
