/* SPDX-License-Identifier: BSD-2-Clause */
/* registers.h - which vCPU the registers of this hart are of. */
#ifndef HM_REGISTERS_H
#define HM_REGISTERS_H

#include "core/vcpu.h"

/* The vCPU's first entry, on this hart; an SBI error code. */
long hm_vcpu_claim(struct hm_hart *hart, struct hm_vcpu *vcpu);

/* Another vCPU than the last one here. */
void hm_registers_switch(struct hm_hart *hart, struct hm_vcpu *vcpu);

/* The hart stops, or sleeps without its registers: what they hold of a vCPU goes to memory. */
void hm_registers_save(struct hm_hart *hart);

#endif
