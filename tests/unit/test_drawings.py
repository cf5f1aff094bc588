# SPDX-License-Identifier: BSD-2-Clause
"""Each drawing of the documentation is that of its source."""

import hashlib
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DRAWINGS = ROOT / "docs/drawings"
NAMES = sorted(path.stem for path in DRAWINGS.glob("*.svg"))


def source_of(folder, name):
    dot = folder / f"{name}.dot"
    return dot if dot.exists() else folder.parent / f"{name}.txt"


def is_current(folder, name):
    """Whether the SVG carries the hash of its source."""
    carried = re.search(r"sha256:([0-9a-f]{64})", (folder / f"{name}.svg").read_text())
    return carried and carried[1] == hashlib.sha256(source_of(folder, name).read_bytes()).hexdigest()


def test_each_source_has_a_drawing():
    assert {"levels", "cow", "rooms"} <= set(NAMES)
    assert {path.stem for path in DRAWINGS.glob("*.dot")} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_is_that_of_its_source(name):
    assert is_current(DRAWINGS, name), "run: make drawings"


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_says_its_licence_and_is_svg(name):
    text = (DRAWINGS / f"{name}.svg").read_text()
    assert "SPDX-License-Identifier: CC-BY-4.0" in text.splitlines()[0]
    assert xml.etree.ElementTree.fromstring(text).tag.endswith("svg")


def test_a_drawing_that_cannot_be_written_is_told(tmp_path):
    """As in a clone that is read-only, which root does not notice by rights."""
    folder = tmp_path / "docs/drawings"
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (folder / "cow.svg").unlink()
    (folder / "cow.svg").mkdir()
    done = subprocess.run([folder / "draw"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith(f"draw: {folder}/cow.svg cannot be written: Is a directory; ")


def test_commands_for_clangd_that_cannot_be_written_are_told():
    done = subprocess.run([ROOT / "tests/lint/compile-commands", "nowhere/file"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith(f"compile-commands: {ROOT}/nowhere/file cannot be written: No such file")


def test_a_changed_source_is_noticed_until_it_is_drawn(tmp_path):
    folder = tmp_path / "docs/drawings"
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    rooms = tmp_path / "docs/rooms.txt"
    rooms.write_text(rooms.read_text().replace("boot > host", "boot > attic > host"))
    assert not is_current(folder, "rooms") and is_current(folder, "levels")
    subprocess.run([folder / "draw"], check=True, capture_output=True)
    assert is_current(folder, "rooms") and "attic" in (folder / "rooms.svg").read_text()
