/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.h - a guest whose instructions are calls of a test: page tables, traps, their ends. */
#ifndef MODEL_GUEST_H
#define MODEL_GUEST_H

#include "machine.h"
#include "trap/trap.h"
#include "vector.h"

/* Run `body` as the only vCPU of a new VM, which is ended afterwards; vcpu and run are its. */
struct guest {
	u64 vm, number;
	struct hm_run *run;
	struct hm_vcpu *vcpu;
	u64 tables; /* GPA of the next page for tables */
	u64 root;   /* GPA */
};
extern struct guest guest;

/* For cmocka: a machine with one VM of one vCPU, and a root of Sv39 that is empty. */
int guest_begin(void **state);

/* Enter the guest world, and run the body there; the error of the run. */
long guest_run(void (*body)(void));

/* Map a page of the guest's Sv39 tables. */
void guest_map(u64 va, u64 gpa, u64 bits);

/* The guest's satp with its root and an ASID, and what is at one of its GPAs. */
u64 guest_satp(u64 asid);
void *guest_memory(u64 gpa);

/* An SBI call; a0 afterwards.  The result of the trap is in *next where next is not NULL. */
long guest_ecall(enum hm_next *next, u64 extension, u64 function, const u64 argument[6]);
#define ECALL(extension, function, ...) \
	guest_ecall(NULL, extension, function, (const u64[6]){ __VA_ARGS__ })

/* Write satp, by csrw. */
enum hm_next guest_write_satp(u64 value);

/* Where the guest has its own trap, as the hart gave it: ends the test if it has none. */
void expect_injected(u64 cause, u64 tval, u64 from);

#endif
