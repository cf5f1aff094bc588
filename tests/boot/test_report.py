# SPDX-License-Identifier: BSD-2-Clause
"""`make report` from the machines to the page: three rows in three modes."""

import json
import os
import pathlib
import subprocess

import pytest

from launcher import ROOT
from report import document, markdown

ROWS = ["vfork", "mprotect", "pipe"]
MODES = ["native", "tsp", "ssp-hm"]


def report(folder, **given):
    clean = {name: value for name, value in os.environ.items() if name not in ("HMODE_GIVEN", "RUNS", "A", "B")}
    words = {"FOLDER": str(folder), "RUNS": " ".join(f"virt-{mode}" for mode in MODES), "WORKLOAD": " ".join(ROWS),
             "PYTHONPATH": str(ROOT / "qemu-platform"), "PYTHONSAFEPATH": "1"}
    return subprocess.run(["/usr/bin/python3", "-m", "report"], env=clean | words | given, cwd=ROOT, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    done = report(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def rows_of(folder):
    told = json.loads((folder / "report.json").read_text())
    return {(result["mode"], result["workload"]): result for kept in told["runs"] for result in kept["results"]}


def test_each_row_is_there_and_names_what_it_was_made_of(folder):
    found = rows_of(folder)
    assert set(found) == {(mode, row) for mode in MODES for row in ROWS}
    for result in found.values():
        assert result["ok"] and result["versions"]["qemu"].startswith("10.") and result["versions"]["kernel"]
        assert "gcc" in result["versions"]["compiler"]


def test_the_page_says_what_the_records_do(folder):
    found = rows_of(folder)
    shown = (folder / "report.html").read_text()
    for row in ROWS:
        assert f"{found['tsp', row]['vm_exits']['memory']:,}" in shown
        ratio = found["ssp-hm", row]["instructions"]["total"] / found["native", row]["instructions"]["total"]
        assert f"{ratio:.3f}" in shown
    told = json.loads((folder / "report.json").read_text())
    assert (folder / "report.md").read_text() == markdown.made(document.page(told))


def test_nothing_is_run_again(folder):
    before = {path: path.stat().st_mtime_ns for path in pathlib.Path(folder / "runs").iterdir()}
    done = report(folder)
    assert done.returncode == 0 and "nothing to run" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in pathlib.Path(folder / "runs").iterdir()} == before
