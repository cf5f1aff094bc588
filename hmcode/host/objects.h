/* SPDX-License-Identifier: BSD-2-Clause */
/* objects.h - VMs and vCPUs as the host makes and ends them. */
#ifndef HM_OBJECTS_H
#define HM_OBJECTS_H

#include <sbi/sbi_types.h>

/* All return an SBI error code; *value is the call's second result. */
long hm_vm_create(u64 flags, unsigned long *value);
long hm_vm_destroy(u64 vm);
long hm_slot_set(u64 vm, u64 n, u64 gpa, u64 hpa, u64 size, u64 rights);
long hm_vm_invalidate(u64 vm, u64 gpa, u64 size);
long hm_vcpu_create(u64 vm, u64 run, u64 table_pages, unsigned long *value);
long hm_vcpu_destroy(u64 vcpu);
long hm_vcpu_stats(u64 vcpu, u64 hpa, u64 size);

#endif
