# SPDX-License-Identifier: BSD-2-Clause
"""What is built does not depend on where, and `make dist` is complete."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = (ROOT / "VERSION").read_text().strip()
BUILT = ["hmcode/hmcode.bin", "hmcode/hmcode.elf", "host-hv/host-hv.bin", "host-hv/host-hv.elf", "guest/initramfs.cpio"]


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("the tree is no clone: what belongs to it is not known")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def make_dist(tree):
    environment = {name: value for name, value in os.environ.items() if name not in ("BUILD", "MAKEFLAGS")}
    done = subprocess.run(["make", "-C", tree, "dist", "build/guest/initramfs.cpio"], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """This tree, and the same files in a folder whose name has another length."""
    copy = tmp_path_factory.mktemp("another") / "folder" / "of-a-longer-name" / "than-that"
    for name in tracked_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    for tree in (ROOT, copy):
        make_dist(tree)
    return ROOT, copy


@pytest.mark.parametrize("name", [*BUILT, f"dist/hmode-{VERSION}.tar.gz"])
def test_two_folders_give_the_same_bytes(trees, name):
    first, second = ((tree / "build" / name).read_bytes() for tree in trees)
    assert len(first) > 1000
    assert first == second


def test_nothing_names_the_folder_that_it_was_built_in(trees):
    for tree in trees:
        for name in BUILT:
            assert str(tree).encode() not in (tree / "build" / name).read_bytes(), name


def test_an_archive_is_complete(trees, tmp_path):
    archive = trees[0] / "build/dist" / f"hmode-{VERSION}.tar.gz"
    subprocess.run(["sha256sum", "--check", "--quiet", archive.name + ".sha256"], cwd=archive.parent, check=True)
    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    tree = tmp_path / f"hmode-{VERSION}"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tree, check=True)
    listed = {line.split("  ", 1)[1] for line in (tree / "SHA256SUMS").read_text().splitlines()}
    there = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS"} and listed <= there
    assert (tree / "hmcode.bin").read_bytes() == (trees[0] / "build/hmcode/hmcode.bin").read_bytes()
    assert "Redistributions in binary form" in (tree / "notices/OpenSBI-COPYING.BSD").read_text()
    assert "libfdt" in (tree / "notices/OpenSBI-ThirdPartyNotices.md").read_text()
    for folder, own in (("linux-patches", "guest-linux-patches"), ("qemu-patches", "qemu-platform/patches")):
        assert {path.name for path in (tree / folder).glob("*.patch")} == {p.name for p in (ROOT / own).glob("*.patch")}


def test_the_header_stands_alone(trees, tmp_path):
    """A host is built with what the archive has."""
    source = tmp_path / "host.c"
    source.write_text("#include <hm_abi.h>\nint size = sizeof(struct hm_run);\n")
    include = trees[0] / "build/dist" / f"hmode-{VERSION}" / "include"
    subprocess.run(["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{include}", "-c", source,
                    "-o", tmp_path / "host.o"], check=True)


def test_what_is_not_built_is_named(tmp_path):
    done = subprocess.run([ROOT / "qemu-platform/dist"], env={**os.environ, "BUILD": str(tmp_path)},
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"hmode: hmcode/hmcode\.bin is not built\n +run: make dist", done.stderr)
