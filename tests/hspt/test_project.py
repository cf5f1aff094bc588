# SPDX-License-Identifier: BSD-2-Clause
"""The project's own guests on its own QEMU: all that is mapped for them is compared with page walks."""

import json
import pathlib
import re
import subprocess

import pytest

from hmode import modes

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LAUNCH = ROOT / "qemu-platform" / "launch"
WORKLOADS = (ROOT / "tests" / "workloads" / "list").read_text().split()
MODES = ["native", *modes.SHADOWED]
PAYLOADS = subprocess.run(["make", "-s", "-C", str(ROOT / "tests" / "payloads"), "list"],
                          capture_output=True, text=True, check=True).stdout.split()
# All that spt may say of these guests: payloads go through each mode of satp.
WIDER = re.compile(r"the guest uses Sv(48|57), windows serve Sv39 only")


def run(folder, command="run", **options):
    """The console of a run that ends well."""
    log = folder / "log"
    words = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run([str(LAUNCH), command, *words, f"LOG={log}"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=1800)
    console = log.read_text(errors="replace") if log.exists() else ""
    assert done.returncode == 0, done.stdout + done.stderr + console[-2000:]
    said = set(re.findall(r"spt: .*", console))
    assert all(WIDER.search(line) for line in said), console[-2000:]
    return console


def workloads(folder, **options):
    """The results of workloads, as they were written."""
    folder.mkdir(exist_ok=True)
    run(folder, RESULT=folder / "result.json", **options)
    return (folder / "result.json").read_bytes()


def counted(folder, **options):
    """The results of workloads, but for what they were made of: the other QEMU may be another version."""
    return [{key: value for key, value in json.loads(line).items() if key != "versions"}
            for line in workloads(folder, **options).splitlines()]


# Natively and in a guest for each change; the tables that host-hv makes are like the firmware's.
@pytest.mark.parametrize("mode, qemu", [
    *(pytest.param(mode, "hspt-oracle", marks=[pytest.mark.long("hspt")] * (mode not in ("native", "ssp-hm"))) for mode in MODES),
    ("ssp-hm", "hspt")])
def test_all_workloads_are_correct(tmp_path, mode, qemu):
    results = [json.loads(line) for line in workloads(tmp_path, MODE=mode, QEMU=qemu).splitlines()]
    assert [r["workload"] for r in results if r["ok"]] == WORKLOADS


@pytest.mark.parametrize("mode, organization", [
    ("ssp", "shared"), ("ssp-hm", "group"),
    *(pytest.param(*pair, marks=pytest.mark.long("hspt")) for pair in [("ssp", "group"), ("ssp-hm", "shared")])])
def test_some_workloads_are_correct(tmp_path, mode, organization):
    results = [json.loads(line) for line in
               workloads(tmp_path, MODE=mode, QEMU=f"hspt-{organization}", WORKLOAD="fork,exec,pipe").splitlines()]
    assert [r["workload"] for r in results if r["ok"]] == ["fork", "exec", "pipe"]


# One mode for each change: the other modes map the same pages, and are the long part `hspt`.
@pytest.mark.parametrize("mode", [pytest.param(mode, marks=[pytest.mark.long("hspt")] * (mode != "ssp-hm"))
                                  for mode in MODES])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_fact_holds(tmp_path, payload, mode):
    console = run(tmp_path, MODE=mode, QEMU="hspt-oracle", MEM="128M",
                  KERNEL=BUILD / "payloads" / f"{payload}.bin")
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", console, re.M), console[-2000:]


@pytest.mark.parametrize("qemu", ["hspt", "hspt-oracle"])
def test_native_counts_are_those_of_stock_qemu(tmp_path, qemu):
    options = {"MODE": "native", "WORKLOAD": "fork,touch,pipe"}
    assert counted(tmp_path / "stock", **options) == counted(tmp_path / "ours", QEMU=qemu, **options)


# On one thread; times the instructions of one hart. Natively they are 2.4 where an interrupt for another hart does not end
# the turn, and 4.3 in a guest where a pause does not either.
# What a kernel puts off at boot falls into the first workload: it is left out.
@pytest.mark.parametrize("mode, limit", [("native", 2), ("ssp-hm", 3)])
def test_harts_that_wait_for_each_other_give_way(tmp_path, mode, limit):
    def instructions(harts):
        lines = workloads(tmp_path / str(harts), MODE=mode, QEMU="hspt-oracle", WORKLOAD="fork,exec,vfork",
                          HARTS=harts, VCPUS=harts).splitlines()
        return sum(result["instructions"]["total"] for result in map(json.loads, lines[1:]))

    assert instructions(2) < limit * instructions(1)


def test_plugins_see_every_access(tmp_path):
    """They ask the TLB for physical addresses, which direct accesses do not fill."""
    options = {"command": "count-pt-writes", "WORKLOAD": "fork,touch"}
    assert counted(tmp_path / "stock", **options) == counted(tmp_path / "ours", QEMU="hspt-oracle", **options)
