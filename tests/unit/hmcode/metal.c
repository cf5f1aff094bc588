// SPDX-License-Identifier: BSD-2-Clause
/* metal.c - what stands in assembler files; the guest is a function of the test (machine.h). */
#include "test.h"

#include "core/fatal.h"
#include "core/vcpu.h"
#include "hart.h"
#include "machine.h"
#include "metal/metal.h"
#include "ssp_port.h"
#include "trap/trap.h"

const char hm_guest_vector[4], hm_policy_vector[4], hm_exit_vector[4], hm_fatal_vector[4];
const char hm_read_rs1[32 * HM_READ_SIZE], hm_read_rs2[32 * HM_READ_SIZE];
u32 hm_stopped;

bool model_swap(u64 hpa, u64 old, u64 new)
{
	return ssp_port_swap(hpa, old, new);
}

struct hm_frame *hm_guest_run(struct hm_frame *frame, const char *vector, struct hm_run *run)
{
	assert_int_equal(model_read(CSR_MSCRATCH), frame->scratch);
	frame->vector = vector;
	memcpy(frame->x, run->x, sizeof(frame->x));
	model.priv = (model_read(CSR_MSTATUS) & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
	machine.frame = frame;
	if (machine.guest)
		machine.guest();
	machine.frame = NULL;
	memcpy(run->x, frame->x, sizeof(frame->x));
	return frame;
}

void __noreturn hm_stop(void)
{
	fail_msg("the hart stops");
	abort();
}

void hm_fp_save(struct hm_fp_state *state)
{
	assert_int_not_equal(model_read(CSR_MSTATUS) & MSTATUS_FS, 0);
	for (unsigned int i = 0; i < 32; i++)
		state->f[i] = model.f[i];
	state->fcsr = model.fcsr;
}

void hm_fp_load(const struct hm_fp_state *state)
{
	assert_int_not_equal(model_read(CSR_MSTATUS) & MSTATUS_FS, 0);
	for (unsigned int i = 0; i < 32; i++)
		model.f[i] = state->f[i];
	model.fcsr = state->fcsr;
}

u64 hm_fp_read(unsigned int reg)
{
	return model.f[reg];
}

void hm_fp_write(unsigned int reg, u64 value)
{
	model.f[reg] = value;
	model_change(CSR_MSTATUS, 0, MSTATUS_FS);
}

void hm_v_save(struct hm_v_state *state)
{
	(void)state;
	fail_msg("the hart has no vector registers");
}

void hm_v_load(const struct hm_v_state *state)
{
	(void)state;
	fail_msg("the hart has no vector registers");
}
