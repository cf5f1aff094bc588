/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadows.h - shadow tables that are host-hv's: a guest's tables in memory of the test, the
 * firmware played.
 */
#ifndef TEST_SHADOWS_H
#define TEST_SHADOWS_H

#include "test.h"

#include "core/fence.h"
#include "core/hart.h"
#include "core/policy.h"
#include "core/vcpu.h"
#include "device/mmio.h"
#include "run/exits.h"
#include "run/sched.h"
#include "shadow/handler.h"
#include "shadow/tsp_handler.h"

#define RAM       0x80000000UL
#define RAM_PAGES 64
#define UART      0x10000000UL
#define VA        0x40200000UL
#define FETCH     12
#define LOAD      13
#define STORE     15
#define ALLOWED   (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)

extern struct vm vm;
extern struct vcpu *v;
extern struct hm_run *run;
extern uint8_t *ram;
extern unsigned accesses; /* to devices */

uint64_t *at(uint64_t gpa);

/* A guest address space of Sv39; the GPA of its top table is in it. */
uint64_t new_space(uint64_t asid);
void map(uint64_t gsatp, uint64_t va, uint64_t pte);

/* The leaf that the hart would find in entry n of the root buffer, or 0. */
uint64_t shadow_leaf(unsigned n, uint64_t va);

/* -- what guest and firmware do -- */

void begin(struct vcpu *vcpu);
void enter(void);
void fault(uint64_t cause, uint64_t va);
void fence(uint64_t start, uint64_t size, uint64_t asid);

/* The guest has the fault of a fetch at va. */
void assert_fetch_fault(uint64_t va);

extern uint64_t space[2]; /* two address spaces; the guest runs on the first */

int setup(void **state);
int setup_one_root(void **state);
int setup_in_step(void **state);
int setup_tsp(void **state);
int teardown(void **state);

#define TEST(name)         cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_TSP(name)     cmocka_unit_test_setup_teardown(name, setup_tsp, teardown)
#define TEST_IN_STEP(name) cmocka_unit_test_setup_teardown(name, setup_in_step, teardown)
/* Faults are classified in one place. */
#define TEST_ALL(name)     TEST(name), TEST_TSP(name), TEST_IN_STEP(name)

#endif
