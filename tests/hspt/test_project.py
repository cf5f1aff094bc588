# SPDX-License-Identifier: BSD-2-Clause
"""The project's own guests on its own QEMU, whose TLB honours the operands of fences."""

import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAUNCH = ROOT / "qemu-platform" / "launch"
WORKLOADS = (ROOT / "tests" / "workloads" / "list").read_text().split()


def run(folder, command="run", **options):
    result = folder / "result.json"
    words = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run([str(LAUNCH), command, *words, f"RESULT={result}", f"LOG={folder / 'log'}"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return result.read_bytes()


@pytest.mark.parametrize("mode", ["native", "ssp", "ssp-hm"])
def test_all_workloads_are_correct(tmp_path, mode):
    results = [json.loads(line) for line in run(tmp_path, MODE=mode, QEMU="hspt").splitlines()]
    assert [r["workload"] for r in results if r["ok"]] == WORKLOADS


def on_both(folder, **options):
    folders = [folder / name for name in ("stock", "ours")]
    for each in folders:
        each.mkdir()
    return run(folders[0], **options), run(folders[1], QEMU="hspt", **options)


def test_native_counts_are_those_of_stock_qemu(tmp_path):
    stock, ours = on_both(tmp_path, MODE="native", WORKLOAD="fork,touch,pipe")
    assert stock == ours


def test_a_plugin_sees_the_stores_that_it_sees_on_stock_qemu(tmp_path):
    stock, ours = on_both(tmp_path, command="count-pt-writes", WORKLOAD="cow,pipe")
    assert stock and stock == ours
