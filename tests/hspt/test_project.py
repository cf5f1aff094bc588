# SPDX-License-Identifier: BSD-2-Clause
"""The project's own guests on its own QEMU, whose TLB honours the operands of fences."""

import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAUNCH = ROOT / "qemu-platform" / "launch"
WORKLOADS = (ROOT / "tests" / "workloads" / "list").read_text().split()


def run(folder, **options):
    result = folder / "result.json"
    words = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run([str(LAUNCH), "run", *words, f"RESULT={result}", f"LOG={folder / 'log'}"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return result.read_bytes()


@pytest.mark.parametrize("mode", ["native", "ssp", "ssp-hm"])
def test_all_workloads_are_correct(tmp_path, mode):
    results = [json.loads(line) for line in run(tmp_path, MODE=mode, QEMU="hspt").splitlines()]
    assert [r["workload"] for r in results if r["ok"]] == WORKLOADS


def test_native_counts_are_those_of_stock_qemu(tmp_path):
    folders = [tmp_path / name for name in ("stock", "ours")]
    for folder in folders:
        folder.mkdir()
    options = {"MODE": "native", "WORKLOAD": "fork,touch,pipe"}
    assert run(folders[0], **options) == run(folders[1], QEMU="hspt", **options)
