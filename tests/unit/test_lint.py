# SPDX-License-Identifier: BSD-2-Clause
"""Form of C, shell, Python and documentation, and what the checks of documentation find."""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINT = ROOT / "tests/lint"
sys.path.insert(0, str(LINT))

import commands  # noqa: E402
import prose  # noqa: E402


@pytest.mark.parametrize("check", ["format", "shell", "python", "prose"])
def test_nothing_is_found(check):
    done = subprocess.run([LINT / "lint", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


MOST_BYTES = 400_000     # of a file, a patch of the QEMU series as well


def test_each_file_is_text():
    """A binary or a dump that came in by mistake stays in the history for ever."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git repository: an archive has what `make dist` put there")
    files = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert files
    assert not [str(file) for file in files if b"\0" in file.read_bytes() or file.stat().st_size > MOST_BYTES]


def found(folder, text):
    """What the checks say of a page, without its place."""
    path = folder / "page.md"
    path.write_text(text)
    return [what for _, what in prose.faults(path)]


def sentence(count):
    return " ".join(["We", *["do"] * (count - 2), "so."])


def test_a_sentence_may_have_thirty_words(tmp_path):
    assert found(tmp_path, f"# A\n\n{sentence(30)}\n") == []
    assert "a sentence of 31 words" in found(tmp_path, f"# A\n\n{sentence(31)}\n")[0]


def test_a_long_sentence_is_found_wherever_it_stands(tmp_path):
    for form in ("- {}", "1. {}", "| a | {} |", "Short. {} Short.", "Why: {}", "hmcode does. {}"):
        assert len(found(tmp_path, "# A\n\n" + form.format(sentence(31)).replace(". ", ".\n") + "\n")) == 1, form


def test_code_counts_as_one_word_and_a_link_as_its_text(tmp_path):
    assert found(tmp_path, f"# A\n\n`{'do ' * 20}`\n{sentence(29)}\n") == []
    assert found(tmp_path, f"# A\n\n[a](page.md) {sentence(29)}\n") == []
    assert found(tmp_path, "# A\n\n    " + "do " * 38 + "\n") == []


def test_a_line_of_more_than_120_columns(tmp_path):
    assert found(tmp_path, "# A\n\n" + "x" * 120 + "\n") == []
    assert found(tmp_path, "# A\n\n" + "x" * 121 + "\n") == ["a line of 121 columns"]
    assert found(tmp_path, "# A\n\n| " + "x" * 121 + " |\n") == []


def test_an_empty_section(tmp_path):
    assert found(tmp_path, "# A\n\n## B\n\ntext\n") == ["an empty section: A"]
    assert found(tmp_path, "# A\n\ntext\n\n## B\n") == ["an empty section: B"]


def test_links_and_anchors(tmp_path):
    (tmp_path / "other.md").write_text("# One `two`, three\n\ntext\n")
    assert found(tmp_path, "# A\n\n[a](other.md#one-two-three) [b](#a) [c](https://example.org/)\n") == []
    assert found(tmp_path, "# A\n\n[a](gone.md)\n") == ["there is no gone.md"]
    assert found(tmp_path, "# A\n\n[a](other.md#one)\n") == ["other.md has no heading #one"]
    for broken in ("[a](other.md#\nb)", "[a](other .md)", "[a](other.md"):
        assert found(tmp_path, f"# A\n\n{broken}\n") == ["a link that is none: its target has a blank or no end"]


def test_files_that_the_text_names(tmp_path):
    assert found(tmp_path, "# A\n\n`docs/abi.md` and `workloads/list` and `lint/prose.py`\n") == []
    assert found(tmp_path, "# A\n\n`docs/gone.md`\n") == ["there is no file docs/gone.md"]


def test_functions_and_names_that_the_text_names(tmp_path):
    assert found(tmp_path, "# A\n\n`hm_bank_of()` and `HM_EXIT_MMIO`, `ssp_fault()` (`ssp/fault.c`)\n") == []
    assert found(tmp_path, "# A\n\n`hm_bank_gone()`\n\n    --> hm_gone() --> mret\n") == \
        ["there is no function hm_bank_gone()", "there is no function hm_gone()"]
    gone = "HM_EXIT_" + "GONE"      # in pieces, since this file is code as well
    assert found(tmp_path, f"# A\n\n`{gone}`\n") == [f"there is no {gone}"]
    assert found(tmp_path, "# A\n\n`ssp_fault()` (`ssp/flush.c`)\n") == ["ssp/flush.c has no ssp_fault()"]


@pytest.mark.parametrize("line", ["make", "make run MODE=ssp-hm WORKLOAD=fork,pipe   # why", "make test-long PART=attacker",
                                  "make run KERNEL=path/Image INITRD=rootfs.cpio APPEND=\"a b\" MEM=2G",
                                  "make -C tests/unit/ssp check", "ls", "make shell MODE=ssp-hm ..."])
def test_a_command_that_exists(line):
    assert commands.wrong(line) is None


@pytest.mark.parametrize("line, what", [("make all-of-it", "there is no target all-of-it"),
                                        ("make run MOOD=ssp", "no option 'MOOD'"),
                                        ("make run MODE=ssq", "MODE=ssq is unknown"),
                                        ("make test-long PART=nothing", "there is no part nothing"),
                                        ("make fuzz YEARS=1", "there is no option YEARS"),
                                        ("make -C tests/unit/ssp chekc", "there is no target chekc")])
def test_a_command_that_does_not_exist(line, what):
    assert what in commands.wrong(line)


def test_another_clang_format_is_left_out_but_not_in_ci(tmp_path):
    other = tmp_path / "clang-format"
    other.write_text("#!/bin/sh\necho clang-format version 19.1.0\n")
    other.chmod(0o755)
    for environment, status in ({}, 0), ({"CI": "true"}, 1):
        done = subprocess.run([LINT / "lint", "format"], capture_output=True, text=True,
                              env={"PATH": f"{tmp_path}:/usr/bin:/bin"} | environment)
        assert done.returncode == status and "clang-format 14 is needed" in done.stderr


def test_compile_commands_name_firmware_hypervisor_and_tests(tmp_path):
    subprocess.run([LINT / "compile-commands", tmp_path / "c.json"], check=True, capture_output=True)
    entries = json.loads((tmp_path / "c.json").read_text())
    files = {pathlib.Path(entry["file"]) for entry in entries}
    wanted = [*(ROOT / "hmcode").rglob("*.c"), *(ROOT / "host-hv").rglob("*.c")]
    assert [path for path in wanted if path not in files and path.name != "string.c"] == []
    assert ROOT / "tests/unit/ssp/model.c" in files
