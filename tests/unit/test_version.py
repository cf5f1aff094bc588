# SPDX-License-Identifier: BSD-2-Clause
"""The launcher says version and commit in a clone, and the version alone in an unpacked archive."""

import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = (ROOT / "VERSION").read_text().strip()


def said(tree):
    return subprocess.run([tree / "qemu-platform/launch", "version"], capture_output=True, text=True,
                          check=True).stdout.strip()


def test_the_version_is_semantic_and_in_the_changes():
    assert re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", VERSION)
    assert re.search(rf"^## .*\b{re.escape(VERSION)}\b", (ROOT / "CHANGES.md").read_text(), re.MULTILINE)


def test_a_clone_says_its_commit():
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    commit = re.fullmatch(rf"hmode {re.escape(VERSION)}(?:, commit ([0-9a-f]+))?", said(ROOT))[1]
    assert head.stdout.startswith(commit or "-") if head.returncode == 0 else commit is None


def test_an_archive_says_the_version_alone(tmp_path):
    for name in ("VERSION", "qemu-platform", "tests/workloads", "hmcode/include"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    assert said(tmp_path) == f"hmode {VERSION}"
