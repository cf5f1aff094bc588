# SPDX-License-Identifier: BSD-2-Clause
"""Each room of hmcode and of host-hv calls and includes only rooms to its right (docs/rooms.txt), and no files call in a circle.

Inline assembly, OpenSBI's macros of it included, stands in hmcode/metal alone.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

import layers

CACHE = os.environ.get("HMODE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or
                                                      os.path.expanduser("~/.cache"), "hmode")
OPENSBI = os.environ.get("OPENSBI_SRC") or os.path.join(CACHE, "current", "opensbi")


TREES = list(layers.trees())


def build(root, name, out):
    variable = {"hmcode": "BUILD", "host-hv": "OUT"}[name]
    clean = {key: value for key, value in os.environ.items() if key not in ("BUILD", "MAKEFLAGS")}
    subprocess.run(["make", "-s", "-C", root / name, f"{variable}={out}", f"OPENSBI_SRC={OPENSBI}", "objects"],
                   env=clean, check=True)
    return out


def faults(root, name, out):
    return layers.faults(layers.trees(root)[name], layers.read_order()[name], build(root, name, out))


@pytest.fixture(name="copies", scope="module")
def fixture_copies(tmp_path_factory):
    """A copy of both trees, built; what a test changes in a copy of that is all that is built again."""
    folder = tmp_path_factory.mktemp("copies")
    for name in ("hmcode", "host-hv"):
        shutil.copytree(layers.ROOT / name, folder / name)
    for name in TREES:
        build(folder, name, folder / "build" / name)
    return folder


@pytest.mark.parametrize("name", TREES)
def test_no_room_calls_to_the_left(copies, name):
    assert faults(copies, name, copies / "build" / name) == []


def test_the_run_page_is_read_by_hm_read_alone():
    assert layers.unread(layers.trees()["hmcode"]) == []


@pytest.mark.parametrize("text, field", [
    ("u64 wrong(struct hm_run *run) { return run->flags; }\n", "flags"),
    ("bool wrong(struct hm_vcpu *vcpu) { return vcpu->run->roots[1].gsatp == 0; }\n", "roots"),
])
def test_another_read_of_the_run_page_is_named(copy, text, field):
    with (copy / "hmcode" / "mmu" / "ring.c").open("a") as file:
        file.write(text)
    assert layers.unread(layers.trees(copy)["hmcode"]) == [f"mmu/ring.c: {field}"]


@pytest.fixture(name="copy")
def fixture_copy(copies, tmp_path):
    shutil.copytree(copies, tmp_path / "copy")
    return tmp_path / "copy"


def new_faults(copy):
    return set(faults(copy, "hmcode", copy / "build" / "hmcode"))


def test_a_wrong_call_is_named_with_both_rooms(copy):
    with (copy / "hmcode" / "mmu" / "ring.c").open("a") as file:
        file.write("u64 hm_trap_route(struct hm_frame *frame);\nu64 wrong(void);\n"
                   "u64 wrong(void) { return hm_trap_route(0); }\n")
    assert "mmu/ring.c (mmu) calls hm_trap_route of trap/route.c (trap)" in new_faults(copy)


def test_a_call_from_assembly_is_seen(copy):
    with (copy / "hmcode" / "metal" / "fp.S").open("a") as file:
        file.write("\tcall\thm_pool_alloc\n")
    assert "metal/fp.S (metal) calls hm_pool_alloc of core/pool.c (core)" in new_faults(copy)


def test_what_the_linker_wraps_is_seen(copy):
    with (copy / "hmcode" / "core" / "pool.c").open("a") as file:
        file.write("void sbi_timer_event_start(u64 due);\nvoid wrong(void);\n"
                   "void wrong(void) { sbi_timer_event_start(0); }\n")
    assert "core/pool.c (core) calls sbi_timer_event_start of host/hooks.c (host)" in new_faults(copy)


def test_a_wrong_include_is_named_with_both_rooms(copy):
    with (copy / "hmcode" / "ssp" / "root.c").open("a") as file:
        file.write('#include "metal/metal.h"\n')
    tree = layers.trees(copy)["hmcode"]
    assert "ssp/root.c (ssp) includes metal/metal.h (metal)" in map(str, layers.against(layers.includes(tree),
                                                                                    layers.read_order()["hmcode"]))


def found_assembly(root):
    names = layers.instructions(sorted(pathlib.Path(OPENSBI, "include", "sbi").glob("*.h")))
    assert {"csr_read", "csr_set", "mb", "wfi", "current_hartid", "csr_read_allowed", "readl"} <= names
    return layers.assembly(layers.trees(root)["hmcode"], names)


def test_instructions_stand_in_metal_alone(copies):
    assert found_assembly(layers.ROOT) == []
    # core/offsets.c has some, but no object.
    assert not {"core/offsets.c"} & set(layers.objects(layers.trees(copies)["hmcode"], copies / "build" / "hmcode"))


@pytest.mark.parametrize("path, line, word", [
    ("mmu/ring.c", "void f(void) { __asm__ volatile(\"sfence.vma\"); }", "__asm__"),
    ("trap/trap.h", "static inline void f(void) { asm(\"nop\"); }", "asm"),
    ("world/switch.c", "void f(void) { csr_write(CSR_MEPC, 0); }", "csr_write"),
    ("host/objects.c", "void f(void) { smp_wmb(); }", "smp_wmb"),
    ("boot/boot.c", "u32 f(void) { return current_hartid(); }", "current_hartid"),
])
def test_an_instruction_elsewhere_is_named(tmp_path, path, line, word):
    shutil.copytree(layers.ROOT / "hmcode", tmp_path / "hmcode")
    with (tmp_path / "hmcode" / path).open("a") as file:
        file.write(line + "\n")
    assert found_assembly(tmp_path) == [f"{path}: {word}"]


def test_a_file_outside_all_rooms_is_named(copy):
    (copy / "hmcode" / "stray.c").touch()
    (copy / "hmcode" / "attic").mkdir()
    (copy / "hmcode" / "attic" / "old.c").touch()
    assert {"stray.c", "attic/old.c"} <= set(layers.homeless(layers.trees(copy)["hmcode"],
                                                             layers.read_order()["hmcode"]))


def edges(*pairs):
    return [layers.Edge(caller, callee, "f") for caller, callee in pairs]


def test_rooms_of_one_rank_do_not_know_each_other():
    ranks = layers.read_order("tree: a > b, c > d")["tree"]
    wrong = layers.against(edges(("a/x", "d/x"), ("b/x", "c/x"), ("d/x", "b/x"), ("c/x", "c/y")), ranks)
    assert [(edge.caller, edge.callee) for edge in wrong] == [("b/x", "c/x"), ("d/x", "b/x")]


def test_circles_are_found_whole():
    assert layers.circles(edges(("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"))) == [["a", "b", "c"]]
    assert layers.circles(edges(("a", "b"), ("a", "c"), ("b", "c"))) == []
