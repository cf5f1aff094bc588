/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/types.h"

#define BIT(n)         (1ULL << (n))
#define BITS(from, to) (BIT((to) + 1) - BIT(from))

/*
 * By their chapters of virtio 1.2.  Left out are features that change how many queues there are
 * (NET_F_MQ, BLK_F_MQ) or what lies in them beside data (NET_F_HASH_REPORT, NET_F_RSC_EXT), those
 * of hosts that migrate guests, and whatever comes later.
 */
static const struct virtio_type types[] = {
	{
		.id = 1, /* 5.1; the queues are receive, transmit, control */
		.name = "network",
		.queues = 3,
		.features = BITS(0, 1)     /* CSUM, GUEST_CSUM */
			    | BIT(3)       /* MTU */
			    | BIT(5)       /* MAC */
			    | BITS(7, 16)  /* GUEST_TSO4 to MRG_RXBUF, STATUS */
			    | BITS(17, 20) /* CTRL_VQ, CTRL_RX, CTRL_VLAN, CTRL_RX_EXTRA */
			    | BIT(23),     /* CTRL_MAC_ADDR */
	},
	{
		.id = 2, /* 5.2 */
		.name = "block",
		.queues = 1,
		.features = BITS(1, 2)      /* SIZE_MAX, SEG_MAX */
			    | BITS(4, 6)    /* GEOMETRY, RO, BLK_SIZE */
			    | BITS(9, 11)   /* FLUSH, TOPOLOGY, CONFIG_WCE */
			    | BITS(13, 14), /* DISCARD, WRITE_ZEROES: data are sectors */
		.segments = BIT(2),         /* SEG_MAX */
		.segments_at = 12,
		.writable = { 32, 1 }, /* writeback */
		.writable_by = BIT(11),
	},
	{
		.id = 4, /* 5.4 */
		.name = "entropy",
		.queues = 1,
	},
	{
		.id = 9, /* a transport of 9P messages */
		.name = "9p",
		.queues = 1,
		.features = BIT(0), /* MOUNT_TAG */
	},
};

const struct virtio_type *virtio_type_of(uint32_t id)
{
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].id == id)
			return &types[i];
	return NULL;
}
