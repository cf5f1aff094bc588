// SPDX-License-Identifier: GPL-2.0-or-later
/* hart.c - what the plugin `walks` knows of the hart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cores.h"
#include "hart.h"
#include "ram.h"
#include "recorder.h"

struct space spaces[] = { [HOST] = { .guest = false }, [GUEST] = { .guest = true } };
struct registers registers;
qemu_plugin_u64 fetched, written, returned, resumes, handler[HANDLERS];
uint64_t last_data;

static qemu_plugin_u64 new_scoreboard(void)
{
	return qemu_plugin_scoreboard_u64(qemu_plugin_scoreboard_new(sizeof(uint64_t)));
}

void make_scoreboards(void)
{
	fetched = new_scoreboard();
	written = new_scoreboard();
	returned = new_scoreboard();
	resumes = new_scoreboard();
	for (int i = 0; i < HANDLERS; i++)
		handler[i] = new_scoreboard();
}

/* Those of H are only there with H. */
static bool has_registers(void)
{
	return registers.pc && registers.priv && registers.mstatus && registers.mepc &&
	       registers.sepc && registers.mcause && registers.mtval && registers.mtvec &&
	       registers.satp && registers.scause && registers.stval && registers.stvec;
}

#define FIND(name) registers.name = find_register(all, #name);

void on_hart(qemu_plugin_id_t id, unsigned int vcpu)
{
	GArray *all = qemu_plugin_get_registers();
	bool known = find_general(all, registers.general);

	(void)id;
	(void)vcpu;
	REGISTERS(FIND)
	g_array_free(all, true);
	if (!known || !has_registers()) {
		fputs("walks: this QEMU does not show the registers\n", stderr);
		exit(1);
	}
	if (!ram_find()) {
		fputs("walks: the machine's memory is no memory-backend-memfd with share=on\n",
		      stderr);
		exit(1);
	}
}

/* What cannot be read now (satp under TVM) has not changed either, as it could not be written. */
static uint64_t read_again(struct qemu_plugin_register *which, uint64_t before)
{
	GByteArray *bytes = g_byte_array_new();
	uint64_t value = before;

	if (which && qemu_plugin_read_register(which, bytes) > 0)
		memcpy(&value, bytes->data, bytes->len < 8 ? bytes->len : 8);
	g_byte_array_free(bytes, true);
	return value;
}

void forget_pages(void)
{
	qemu_plugin_u64_set(fetched, 0, 0);
	last_data = 0;
}

static void take_space(enum whose whose, struct space now)
{
	struct space old = spaces[whose];

	if (old.satp == now.satp && old.hgatp == now.hgatp)
		return;
	spaces[whose] = now;
	cores_switch(&old, &now);
	recorder_switch(&now);
	forget_pages();
}

static void take_handler(enum handler which, struct qemu_plugin_register *from)
{
	uint64_t before = qemu_plugin_u64_get(handler[which], 0);

	qemu_plugin_u64_set(handler[which], 0, read_again(from, before) & ~3ull);
}

/*
 * The first block after a write of one of them, whatever became of it.  With V=1 the names of
 * S-mode's registers mean those of VS-mode, which QEMU moves at each change of V.
 */
void on_written(unsigned int vcpu, void *unused)
{
	struct space guest = spaces[GUEST], host = spaces[HOST];
	bool is_v = IS_V(read_register(registers.priv));

	(void)vcpu;
	(void)unused;
	qemu_plugin_u64_set(written, 0, 0);
	take_handler(IN_M, registers.mtvec);
	take_handler(IN_VS, is_v ? registers.stvec : registers.vstvec);
	guest.satp = read_again(is_v ? registers.satp : registers.vsatp, guest.satp);
	if (!is_v) {
		take_handler(IN_HS, registers.stvec);
		host.satp = read_again(registers.satp, host.satp);
		guest.hgatp = read_again(registers.hgatp, guest.hgatp);
	}
	take_space(HOST, host);
	take_space(GUEST, guest);
}
