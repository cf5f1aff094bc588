# SPDX-License-Identifier: BSD-2-Clause
"""What only machine mode does, by a program of its own (bare.c): values are what the privileged specification says."""

import os
import pathlib
import subprocess
import time

import pytest

from machine import Guest, Machine

CC = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "gcc"
SOURCE = pathlib.Path(__file__).with_name("bare.c")
ALWAYS = ",spt=private,spt-adapt=off,spt-oracle=on"
TRAPPED = 1 << 63
LOAD_ACCESS, STORE_ACCESS, LOAD_PAGE = TRAPPED | 5, TRAPPED | 7, TRAPPED | 13
NOBODY = (1 << 64) - 1  # what a PCI host bridge reads where no device answers

RESULTS = {
    "pmp-before": 0x1111, "pmp-no-load": LOAD_ACCESS, "pmp-no-store": STORE_ACCESS, "pmp-neighbour": 0x3333,
    "pmp-load": 0x1111, "pmp-still-no-store": STORE_ACCESS, "pmp-after": 0x5555,
    "mprv-supervisor": 0x5555, "mprv-user": LOAD_PAGE, "mprv-machine": 0x5555,
    "mxr-off": LOAD_PAGE, "mxr-on": 0x5555, "mxr-off-again": LOAD_PAGE,
    "satp-first": 1, "satp-second": 2, "satp-reserved": 2, "satp-back": 1, "satp-global": 0x5555,
    "map-before": 0x6666, "map-gone": NOBODY, "map-moved": NOBODY, "map-after": 0x6666, "map-ram": 0x5555,
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    program = tmp_path_factory.mktemp("bare") / "bare"
    subprocess.run([CC, "-march=rv64g", "-mabi=lp64d", "-mcmodel=medany", "-O2", "-Wall", "-Wextra", "-Werror",
                    "-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector",
                    "-Wl,--build-id=none,-T," + str(SOURCE.with_suffix(".ld")),
                    "-o", program, SOURCE], check=True)
    return program


def words_for(program):
    return ["-bios", "none", "-kernel", str(program),
            "-object", "memory-backend-memfd,id=shared,size=1M,share=on", "-device", "ivshmem-plain,memdev=shared"]


@pytest.mark.parametrize("accel", ["", ALWAYS, ALWAYS + ",split-wx=on"], ids=["softmmu", "direct", "split-wx"])
def test_what_machine_mode_changes(guest, bare, accel):
    run = guest("none", accel, words=words_for(bare))
    assert run.messages == "", run
    assert [(name, int(value, 16)) for name, value in run.numbers] == list(RESULTS.items()), run
    if accel:
        assert run.counters["pages mapped"] > 0 < run.counters["faults"], run


@pytest.mark.timeout(120)
def test_a_guest_that_is_quicker_than_the_monitor_is_not_missed(bare, tmp_path, monkeypatch):
    """Its end is an event, and a monitor is told of none before it has said what it can do."""
    do = Machine.do
    monkeypatch.setattr(Machine, "do", lambda *words, **options: (time.sleep(1), do(*words, **options))[1])
    run = Guest(tmp_path, "none", words=words_for(bare))
    assert run.status == 0 and len(run.numbers) == len(RESULTS), run
