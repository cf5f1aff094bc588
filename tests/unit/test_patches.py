# SPDX-License-Identifier: BSD-2-Clause
"""Both series as letters: what a reviewer sees first, and what finds a build in the cache."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERIES = [ROOT / "qemu-platform" / "patches", ROOT / "guest-linux-patches"]
PATCHES = [patch for folder in SERIES for patch in sorted(folder.glob("0*.patch"))]
LONGEST_SUBJECT = 72
LONGEST_PATCH = 800


def letter(patch):
    """Its number, of how many, its subject without them, and its body."""
    head = patch.read_text().split("\n---\n")[0]
    match = re.search(r"^Subject: \[PATCH (\d+)/(\d+)\] (.*(?:\n .*)*)\n+((?s:.*))", head, re.M)
    return int(match[1]), int(match[2]), match[3].replace("\n", ""), match[4]


@pytest.mark.parametrize("folder", SERIES, ids=lambda folder: folder.name)
def test_each_series_is_numbered_without_a_gap(folder):
    patches = sorted(folder.glob("0*.patch"))
    numbers = [letter(patch)[:2] for patch in patches]
    assert numbers == [(n, len(patches) - 1) for n in range(len(patches))]
    assert [int(patch.name[:4]) for patch in patches] == list(range(len(patches)))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name[:40])
def test_a_patch_is_short_and_says_why(patch):
    _, _, subject, body = letter(patch)
    assert len(subject) <= LONGEST_SUBJECT
    assert len(patch.read_text().splitlines()) <= LONGEST_PATCH
    assert len(body.split()) >= 20, body


def diffs(*patches):
    script = f'here={ROOT / "qemu-platform"}; . "$here/lib.sh"; diffs "$@"'
    return subprocess.run(["sh", "-euc", script, "sh", *patches], capture_output=True, text=True, check=True).stdout


def test_a_build_is_found_by_what_is_changed_alone(tmp_path):
    one, other = PATCHES[1:3]
    copy = tmp_path / "copy.patch"
    text = one.read_text()
    copy.write_text(text.replace("\n\n", "\n\nAnother reason.\n", 1).replace("[PATCH 01/", "[PATCH 09/"))
    assert copy.read_text() != text
    assert diffs(copy, other) == diffs(one, other)
    assert diffs(one) == text[text.index("\ndiff --git ") + 1:]
    copy.write_text(text.replace("\n+", "\n+ ", 1))
    assert diffs(copy, other) != diffs(one, other)
