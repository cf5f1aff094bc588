// SPDX-License-Identifier: BSD-2-Clause
/*
 * requests.c - what requests of a disk and bytes over a network cost; the program `cost` runs it.
 *
 *	requests REQUESTS MEGABYTES PORT
 *
 * Regions (hm-mark.h): read-1 has as many reads of 4 KiB of /dev/vda, at random and past the page
 * cache, and read-2 twice as many; so have write-1 and write-2.  send-1 sends as many MiB by TCP to
 * the build machine, and send-2 twice as many.  The difference of two is the price of the requests:
 * what comes once is in both.  The other side answers each stream by one byte, when all has come.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/fs.h>
#include <unistd.h>

#include "hm-mark.h"

#define BLOCK   4096
#define MIB     (1 << 20)
#define CHUNK   65536
#define MACHINE "10.0.2.2" /* of QEMU's user network */

static char block[MIB] __attribute__((aligned(BLOCK)));

static void must(int sound, const char *what)
{
	if (sound)
		return;
	perror(what);
	exit(1);
}

/* The same places in each run. */
static uint64_t any_block(uint64_t blocks)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % blocks;
}

static void request(int disk, uint64_t blocks, int writes)
{
	off_t place = any_block(blocks) * BLOCK;
	ssize_t done =
		writes ? pwrite(disk, block, BLOCK, place) : pread(disk, block, BLOCK, place);

	must(done == BLOCK, writes ? "a write" : "a read");
}

static void begin(const char *name)
{
	must(!hm_mark_begin(name), name);
}

static void end(const char *name)
{
	must(!hm_mark_end(name), name);
}

static void requests(const char *name, int disk, uint64_t blocks, int writes, long count)
{
	begin(name);
	for (long i = 0; i < count; i++)
		request(disk, blocks, writes);
	end(name);
}

static void use_disk(long count)
{
	int disk = open("/dev/vda", O_RDWR | O_DIRECT);
	uint64_t size = 0;

	must(disk >= 0 && !ioctl(disk, BLKGETSIZE64, &size) && size >= BLOCK, "/dev/vda");
	for (int writes = 0; writes < 2; writes++) {
		const char *names[2][2] = { { "read-1", "read-2" }, { "write-1", "write-2" } };

		for (int i = 0; i < 16; i++)
			request(disk, size / BLOCK, writes);
		requests(names[writes][0], disk, size / BLOCK, writes, count);
		requests(names[writes][1], disk, size / BLOCK, writes, 2 * count);
	}
	close(disk);
}

static void stream(int port, long size)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(port) };
	int line = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, MACHINE, &there.sin_addr);
	must(line >= 0 && !connect(line, (struct sockaddr *)&there, sizeof(there)), MACHINE);
	for (long sent = 0; sent < size; sent += CHUNK)
		must(send(line, block, CHUNK, 0) == CHUNK, "send");
	must(!shutdown(line, SHUT_WR) && read(line, block, 1) == 1, "the answer");
	close(line);
}

static void use_network(long megabytes, int port)
{
	stream(port, MIB);
	begin("send-1");
	stream(port, megabytes * MIB);
	end("send-1");
	begin("send-2");
	stream(port, 2 * megabytes * MIB);
	end("send-2");
}

int main(int count, char **words)
{
	if (count != 4)
		return 2;
	memset(block, 'x', sizeof(block));
	use_disk(atol(words[1]));
	use_network(atol(words[2]), atoi(words[3]));
	return 0;
}
