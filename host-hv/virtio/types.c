/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio/types.h"

#define BIT(n)         (1ULL << (n))
#define BITS(from, to) (BIT((to) + 1) - BIT(from))

/*
 * By their chapters of virtio 1.2.  Left out are features that change how many queues there are
 * (NET_F_MQ, BLK_F_MQ) or what lies in them beside data (NET_F_HASH_REPORT, NET_F_RSC_EXT), those
 * of hosts that migrate guests, and whatever comes later.
 *
 * What a device does for a request is the platform's time and memory, all guests' at once.  So each
 * type has its bytes:
 *
 * network: a packet of 64 KiB and its headers (5.1.6.3.1), in pages.  Linux's virtio_net has at
 * most MAX_SKB_FRAGS + 2 of them, which may be 47.  Buffers to receive into wait, and cost nothing.
 *
 * block: Linux asks for max_sectors, which is 1280 KiB to 4 MiB, in SEG_MAX buffers.  U-Boot reads
 * a file's adjacent blocks by one request.  A reset waits for what is on its way.
 *
 * entropy: Linux's virtio-rng asks for 64 bytes, one request at a time.  QEMU makes them at once.
 *
 * 9p: a message each way of msize, which Linux's 9pnet_virtio bounds by 500 KiB
 * (p9_virtio_trans.maxsize).
 */
static const struct virtio_type types[] = {
	{
		.id = 1, /* 5.1; the queues are receive, transmit, control */
		.name = "network",
		.chain_bytes = 256 * KIB,
		.flight_bytes = 64 * MIB,
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
		.chain_bytes = 64 * MIB,
		.flight_bytes = 64 * MIB,
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
		.chain_bytes = 64 * KIB,
		.flight_bytes = 64 * KIB,
		.queues = 1,
	},
	{
		.id = 9, /* a transport of 9P messages */
		.name = "9p",
		.chain_bytes = 2 * MIB,
		.flight_bytes = 16 * MIB,
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
