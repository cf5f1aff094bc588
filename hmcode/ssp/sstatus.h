/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sstatus.h - what sstatus decides, for firmware and host: in what state an access is made, and
 * what an exception leaves.  mstatus has the same bits in the same places.
 */
#ifndef SSP_SSTATUS_H
#define SSP_SSTATUS_H

#include "ssp.h"

#define STATUS_SIE  (1ull << 1)
#define STATUS_SPIE (1ull << 5)
#define STATUS_SPP  (1ull << 8)
#define STATUS_SUM  (1ull << 18)
#define STATUS_MXR  (1ull << 19)

_Static_assert(SSP_SUM == STATUS_SUM && SSP_MXR == STATUS_MXR, "nothing is moved on the hot path");

/* SSP_USER, SSP_SUM and SSP_MXR of an access; user is SSP_USER or 0. */
static inline uint64_t ssp_access_state(uint64_t status, uint64_t user)
{
	return (status & (STATUS_SUM | STATUS_MXR)) | user;
}

/*
 * "Supervisor Status Register": SPIE is SIE, SIE is 0, and spp, STATUS_SPP or 0, says where the
 * exception came from.
 */
static inline uint64_t status_after_exception(uint64_t status, uint64_t spp)
{
	uint64_t spie = (status & STATUS_SIE) << 4;

	return (status & ~(STATUS_SIE | STATUS_SPIE | STATUS_SPP)) | spie | spp;
}

/* Where an exception goes, whatever MODE of stvec: vectors are for interrupts. */
static inline uint64_t stvec_base(uint64_t stvec)
{
	return stvec & ~3ull;
}

#endif
