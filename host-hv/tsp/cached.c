/* SPDX-License-Identifier: BSD-2-Clause */
/* cached.c - vCPUs, and the roots that each has cached: nothing here makes or empties a table. */
#include "internal.h"

static void forget(struct tsp_vcpu *vcpu, unsigned int n)
{
	struct tsp_root *root = &vcpu->root[n];

	*root = (struct tsp_root){
		.gsatp = TSP_NO_GSATP,
		.table = TSP_NONE,
		.generation = root->generation + 1,
	};
	vcpu->changed |= 1u << n;
}

void tsp_forget_all_roots(struct tsp_vcpu *vcpu)
{
	vcpu->current = 0;
	for (unsigned int i = 0; i < TSP_ROOTS; i++)
		forget(vcpu, i);
}

bool tsp_add_vcpu(struct tsp *tsp, struct tsp_vcpu *vcpu, struct ssp_space *guest)
{
	if (tsp->vcpu_count == TSP_VCPUS)
		return false;
	*vcpu = (struct tsp_vcpu){ .guest = guest };
	tsp_forget_all_roots(vcpu);
	tsp->vcpu[tsp->vcpu_count++] = vcpu;
	return true;
}

void tsp_restart_vcpu(struct tsp *tsp, struct tsp_vcpu *vcpu)
{
	const struct tsp_root *root = &vcpu->root[vcpu->current];

	if (root->table != TSP_NONE)
		tsp->tables[root->table].loaded--;
	tsp_forget_all_roots(vcpu);
}

/* A table goes: no vCPU runs on it, but some may have it cached as a root. */
void tsp_forget_root(struct tsp *tsp, const struct tsp_table *table)
{
	for (unsigned int n = 0; n < tsp->vcpu_count; n++) {
		for (unsigned int i = 0; i < TSP_ROOTS; i++) {
			if (tsp->vcpu[n]->root[i].table == tsp_number(tsp, table))
				forget(tsp->vcpu[n], i);
		}
	}
}
