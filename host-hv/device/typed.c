/* SPDX-License-Identifier: BSD-2-Clause */
#include "device/typed.h"

bool typed_put(struct typed *t, uint8_t c)
{
	bool said = t->said;

	t->said = t->count && (said || t->count == TYPED_MOST);
	if (t->count == TYPED_MOST)
		return said;
	t->queue[(t->head + t->count++) % TYPED_MOST] = c;
	return true;
}

void typed_refill(struct typed *t, struct uart *u)
{
	while (t->count && uart_has_room(u)) {
		uart_receive(u, t->queue[t->head]);
		t->head = (t->head + 1) % TYPED_MOST;
		t->count--;
	}
}
