/* SPDX-License-Identifier: BSD-2-Clause */
#include "console/input.h"

#include "core/external.h"
#include "core/serial.h"

static void (*sink)(uint8_t c);

/* Whatever a guest does about its own, so that the operator's key always works. */
static bool read_uart(void *unused)
{
	int c;

	(void)unused;
	while ((c = serial_get()) >= 0)
		sink(c);
	return true;
}

void input_begin(uint32_t uart_irq, void (*take_key)(uint8_t c))
{
	sink = take_key;
	if (serial_is_uart() && external_listen(uart_irq, read_uart, NULL))
		serial_interrupt();
}
