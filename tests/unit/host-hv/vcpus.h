/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vcpus.h - a guest of four vCPUs on two harts, for tests of what host-hv does about exits; the
 * firmware is played.
 */
#ifndef TEST_VCPUS_H
#define TEST_VCPUS_H

#include "test.h"

#include "core/fence.h"
#include "core/hm.h"
#include "core/vcpu.h"
#include "device/clock.h"
#include "device/devices.h"
#include "run/enter.h"
#include "run/exits.h"
#include "run/loop.h"
#include "run/release.h"
#include "run/sched.h"
#include "run/stats.h"
#include "shadow/shadow.h"

#define A0 10
#define A1 11
#define A2 12
#define A6 16
#define A7 17

#define SLICE 20 /* ticks, of the mock's timebase */

#define RAM  0x80000000UL
#define UART 0x10000000UL

/* A guest of four vCPUs on two harts, the first of them started. */
extern struct vm vm;
extern struct hm_run runs[4];
extern struct shadow shadows[4];
extern struct devices devices;
extern char guest_ram[PAGE];

/* What host-hv did. */
extern int ended; /* enum vm_end */
extern char printed[8192];
extern unsigned long kicked; /* hart number of the last IPI */
extern unsigned long timer;

/* What the rest of the machine does. */
extern void (*on_kick)(unsigned long hart);
extern struct hm_stats stats;
extern uint64_t stats_size;   /* that the firmware takes */
extern long (*guest)(void);   /* plays the firmware's HM_FID_VCPU_RUN */
extern unsigned long running; /* the vCPU that runs */
extern void (*on_version)(void);
extern bool restarts; /* the guest, when its last vCPU is released */
extern bool platform_has_clock;
extern uint64_t looks_at; /* when the console's line is looked at again */

/* The scheduler never returns: the test leaves it when the hart would idle. */
extern jmp_buf idled;

int setup(void **state);

/* An SBI call of vCPU 0, after which it goes on. */
extern uint64_t hart_features; /* of HM_FID_FEATURES */
struct sbiret call(uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1, uint64_t a2);

/* A guest() that stops its vCPU. */
long stop(void);

#define TEST(name) cmocka_unit_test_setup(name, setup)

#endif
