# SPDX-License-Identifier: BSD-2-Clause
"""perf's events in a guest: a stock kernel opens them, and what they count is what happened (docs/measuring.md)."""

import re

import pytest

# Each event over a loop of 2,000,000 instructions, one of 6,000,000, and 256 pages that are written for the first time.
PROGRAM = r"""
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGES 256

static int open_event(uint32_t type, uint64_t config, uint64_t period)
{
	struct perf_event_attr attr = {
		.type = type, .size = sizeof(attr), .config = config, .sample_period = period, .disabled = 1
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t value_of(int event)
{
	uint64_t value;

	return read(event, &value, sizeof(value)) == sizeof(value) ? value : ~0ull;
}

static void loop(uint64_t rounds)
{
	__asm__ volatile("1: addi %0, %0, -1\n\tbnez %0, 1b\n" : "+r"(rounds));
}

static void touch(void)
{
	char *area = mmap(0, PAGES << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int page = 0; page < PAGES; page++)
		area[page << 12] = 1;
	munmap(area, PAGES << 12);
}

int main(int count, char **words)
{
	for (int i = 1; i + 2 < count; i += 3) {
		int event = open_event(atoi(words[i + 1]), strtoull(words[i + 2], NULL, 16), 0);
		uint64_t v[4];

		if (event < 0) {
			printf("%s errno %d\n", words[i], errno);
			continue;
		}
		ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
		v[0] = value_of(event);
		loop(1000000);
		v[1] = value_of(event);
		loop(3000000);
		v[2] = value_of(event);
		touch();
		v[3] = value_of(event);
		ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
		printf("%s %lu %lu %lu of %lu\n", words[i], v[1] - v[0], v[2] - v[1], v[3] - v[2], value_of(event));
		close(event);
	}
	printf("sampling errno %d\n", open_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 100000) < 0 ? errno : 0);
	return 0;
}
"""
HARDWARE, RAW = 0, 4
EVENTS = {
    "cycles": (HARDWARE, "0"), "instructions": (HARDWARE, "1"), "cache-misses": (HARDWARE, "3"),
    "set-timer": (RAW, "8000000000000005"), "exits": (RAW, "c000000000000000"), "traps": (RAW, "c000000000000001"),
    "true-fault": (RAW, "c000000000000100"), "fill": (RAW, "c000000000000101"), "page-fault": (RAW, "c00000000000020c"),
}
ENOENT, EOPNOTSUPP = 2, 95
MOST = 20_000_000       # instructions of all that an event sees


def counts(launch, tmp_path, mode, **options):
    """{event: (the shorter loop, the longer one, pages, all)}, {event: errno}"""
    program = tmp_path / "events.c"
    program.write_text(PROGRAM)
    words = " ".join(f"{name} {kind} {code}" for name, (kind, code) in EVENTS.items())
    run = launch(MODE=mode, PROGRAM=program, ARGS=words, CHECK="true", WARM=0, **options)
    assert run.status == 0, repr(run)
    said = next(tmp_path.rglob("*.events.stdout")).read_text()
    found = {name: tuple(map(int, numbers)) for name, *numbers in re.findall(r"^(\S+) (\d+) (\d+) (\d+) of (\d+)$", said, re.M)}
    return found, {name: int(number) for name, number in re.findall(r"^(\S+) errno (\d+)$", said, re.M)}


@pytest.mark.parametrize("mode", ["ssp-hm", *(pytest.param(mode, marks=pytest.mark.long("perf")) for mode in ("ssp", "tsp"))])
def test_a_guest_counts_what_happens(launch, tmp_path, mode):
    found, refused = counts(launch, tmp_path, mode)
    assert refused == {"cache-misses": ENOENT, "sampling": EOPNOTSUPP}
    short, long, _, all_of_it = found["instructions"]
    assert 4_000_000 <= long - short <= 4_040_000       # the kernel's timer ticks, too
    assert all_of_it < MOST
    assert found["cycles"][1] >= 6_000_000 and found["cycles"][3] < 3 * MOST
    assert found["cycles"][2] > found["instructions"][2]        # exits and traps are in cycle alone
    assert found["set-timer"][3] == 0   # Sstc
    if mode == "ssp-hm":
        assert 256 <= found["true-fault"][2] < 300 and 256 <= found["fill"][2] < 300
        assert found["page-fault"][3] == 0 and found["traps"][2] >= 512
    else:
        assert found["page-fault"][2] >= 256 and found["fill"][3] == 0
        assert found["exits"][2] >= found["page-fault"][2]


def test_natively_instructions_are_the_same(launch, tmp_path):
    """hmcode's own measurement goes on, whatever the kernel starts the hart's two counters at."""
    found, refused = counts(launch, tmp_path, "native")
    assert refused["sampling"] == EOPNOTSUPP
    short, long, _, all_of_it = found["instructions"]
    assert 4_000_000 <= long - short <= 4_040_000
    assert all_of_it < MOST and found["cycles"][3] < 3 * MOST
