# SPDX-License-Identifier: BSD-2-Clause
"""The Linux series by itself: it applies, it is clean, its header is ours, its push is short."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                                  pathlib.Path.home() / ".cache") / "hmode")
SERIES = sorted((ROOT / "guest-linux-patches").glob("000[1-9]-*.patch"))
OBJDUMP = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-") + "objdump"

# Instructions of the function that pushes a hint: 15 of the push, those that find this CPU's ring
# included; the rest makes the entry's two words, looks whether the hint is any use, and returns.
HINT_LIMIT = 15 + 9 + 4 + 1


def test_series_applies_is_clean_and_comes_back():
    done = subprocess.run([str(ROOT / "qemu-platform" / "linux-build"), "check"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.count("  PATCH ") == len(SERIES) >= 5


def test_it_is_written_to_a_folder_by_its_name_here(tmp_path):
    """As the series' README has it: what git takes for relative to its own tree is not lost."""
    done = subprocess.run([str(ROOT / "qemu-platform" / "linux-build"), "series", "written"], cwd=tmp_path,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(path.name for path in (tmp_path / "written").iterdir()) == [path.name for path in SERIES]


def added(name):
    """What the series adds as the file NAME."""
    for patch in SERIES:
        match = re.search(rf"^\+\+\+ b/\S*{name}\n@@ .*\n((?:\+.*\n)*)", patch.read_text(), re.M)
        if match:
            return re.sub(r"^\+", "", match[1], flags=re.M)
    raise AssertionError(f"no patch adds {name}")


def bare(text):
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.S)).strip()


def constants(header):
    found = re.findall(r"^#define\s+(HM_(?:GUEST|RING)_\w+)\s+(.*)$", re.sub(r"/\*.*?\*/", "", header, flags=re.S), re.M)
    return {name: value.strip() for name, value in found}


def structures(header):
    text = bare(header).replace("uint32_t", "__u32").replace("uint64_t", "__u64")
    return {name: re.search(rf"struct {name} {{[^}}]*}}", text)[0] for name in ["hm_ring_entry", "hm_ring"]}


def test_its_header_is_ours():
    ours = (ROOT / "hmcode" / "include" / "hm_abi.h").read_text()
    copy = added("hm_abi.h")
    assert "GPL-2.0-only OR BSD-2-Clause" in copy.splitlines()[0]
    assert constants(copy).items() <= constants(ours).items()
    assert len(constants(copy)) >= 10
    assert structures(copy) == structures(ours)


@pytest.fixture(scope="module")
def hint():
    """The instructions of the function that pushes a hint, up to the return after the push."""
    vmlinux = CACHE / "current" / "kernel-patched" / "vmlinux"
    text = subprocess.run([OBJDUMP, "-d", "--no-show-raw-insn", "--disassemble=__riscv_hm_map", str(vmlinux)],
                          capture_output=True, text=True, check=True).stdout
    end = text.index("\tret", text.index("\tfence")) + len("\tret")
    return re.findall(r"^\s*[0-9a-f]+:\s+(\S+(?: +\S+)?)", text[:end], re.M)


def test_a_hint_is_short_and_never_traps(hint):
    names = [i.split()[0] for i in hint]
    assert names[-1] == "ret" and names.count("fence") == 1
    assert not {"ecall", "sfence.vma", "jal", "jalr"} & set(names), hint
    assert len(hint) <= HINT_LIMIT, hint
