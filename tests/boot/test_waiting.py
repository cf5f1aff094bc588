# SPDX-License-Identifier: BSD-2-Clause
"""Who waits executes nothing: a program that sleeps has its instructions in a record, and not the time."""

import pytest

# The same region twice, once with a sleep of 200 ms in it: QEMU's clock, and with it mcycle, goes on by 2 * 10^8.
PROGRAM = r"""
#include <time.h>
#include "hm-mark.h"
static long part(const char *name, long ns)
{
	struct timespec time = { 0, ns };

	hm_mark_begin(name);
	long error = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, 0);
	hm_mark_end(name);
	return error;
}

int main(void)
{
	return part("awake", 0) || part("asleep", 200000000);
}
"""
ASLEEP = 200000000


@pytest.fixture
def totals(launch, tmp_path):
    (tmp_path / "sleeper.c").write_text(PROGRAM)

    def run(mode, **options):
        done = launch(MODE=mode, PROGRAM=tmp_path / "sleeper.c", WARM=0, **options)
        assert done.status == 0 and done.results["sleeper"]["ok"], repr(done)
        return [done.results[f"sleeper/{name}"]["instructions"]["total"] for name in ("awake", "asleep")]

    return run


@pytest.mark.parametrize("mode,profile", [("native", "virt"), ("ssp-hm", "virt"), ("ssp-hm", "u74"), ("hap", "virt")])
def test_a_sleep_costs_its_ticks(totals, mode, profile):
    awake, asleep = totals(mode, PROFILE=profile)
    # Some 50 ticks of the kernel, which it need not have made.
    assert 100 < awake < 50000 and awake < asleep < 500000, (awake, asleep)


@pytest.mark.parametrize("mode", ["native", "hap"])
def test_without_a_counter_of_instructions_cycles_are_counted(totals, monkeypatch, mode):
    """As boards without one do, or with one of another meaning."""
    monkeypatch.setenv("CPU_WITHOUT", "zihpm")
    assert ASLEEP < totals(mode)[1] < ASLEEP + 500000
