# SPDX-License-Identifier: BSD-2-Clause
"""Where hmcode puts its pool, and the device tree once it grows: beside all that loaders put into RAM."""

import re
import subprocess

import pexpect
import pytest

from launcher import BUILD, ROOT
from test_host_hv import CACHE, command, payload

MB = 1 << 20
RAM, FLASH1 = 0x80000000, 0x22000000
FIRMWARE, NEXT, LOW_TREE = 0x80100000, 0x80200000, 0x82200000
U_BOOT = CACHE / "current/u-boot/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin"


def without(words, option):
    at = words.index(option)
    return words[:at] + words[at + 2:]


def console(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").replace("\r", "")


def pool(text):
    """The one region that S-mode may read and not write: first and last byte."""
    found = re.findall(r"^Domain0 Region\d+ +: (0x\w+)-(0x\w+) M: \(R,W\) S/U: \(R\)$", text, re.M)
    return tuple(int(number, 16) for number in found[0]) if len(found) == 1 else None


def assert_passed(text):
    assert not re.findall(r"FAIL .*", text), text
    assert re.search(r"^payload: [1-9]\d* ok, 0 failed", text, re.M), text


def tree_of(words, path, *edits):
    """The device tree that the machine would have, with properties (node, name, cells or text) put into it."""
    words = [f"{word},dumpdtb={path}" if word == "virt" else word for word in words]
    subprocess.run(words, check=True, capture_output=True)
    # Room to be edited in, and none afterwards, as QEMU leaves it.
    subprocess.run(["dtc", "-q", "-O", "dtb", "-p", "4096", "-o", f"{path}.wide", path], check=True)
    for node, name, *value in edits:
        kind = ["-t", "x" if isinstance(value[0], int) else "s"]
        subprocess.run(["fdtput", "-p", *kind, f"{path}.wide", node, name,
                        *(f"{v:x}" if isinstance(v, int) else v for v in value)], check=True)
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", path, f"{path}.wide"], check=True)
    return path


def loaded(folder, words, kernel, tree, *files):
    """The words for a machine that our own loader starts: files are (path, address) each."""
    stub = folder / "loader"
    subprocess.run(["riscv64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x80000000", "-Wl,--build-id=none",
                    f"-DTREE={tree:#x}", f"-DFIRMWARE={FIRMWARE:#x}", f"-DNEXT={NEXT:#x}", "-o", f"{stub}.elf",
                    ROOT / "tests/boot/loader.S"], check=True)
    subprocess.run(["riscv64-linux-gnu-objcopy", "-O", "binary", f"{stub}.elf", stub], check=True)
    for option in ("-kernel", "-append", "-bios"):
        words = without(words, option)
    words += ["-bios", str(stub)]
    for path, address in ((BUILD / "hmcode/hmcode.bin", FIRMWARE), (kernel, NEXT), *files):
        words += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
    return words


def u_boot_prompt(words):
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8", codec_errors="replace")
    machine.expect("Hit any key to stop autoboot")
    machine.send("\r")
    machine.expect("=> ")
    return machine


# What U-Boot 2025.01 takes at the top of RAM before it reads /reserved-memory, and where it would put a kernel.
@pytest.mark.parametrize("memory", ["128M", "768M", "4G",
                                    *(pytest.param(size, marks=pytest.mark.long) for size in ("256M", "512M", "1G", "2304M"))])
def test_u_boot_moves_to_the_top(memory):
    words = without(command([], memory=memory), "-append")
    words[words.index("-kernel") + 1] = str(U_BOOT)
    machine = u_boot_prompt(words)
    machine.sendline("fdt addr ${fdtcontroladdr}; fdt list /reserved-memory")
    machine.expect(r"hm-pool@\w+ \{.*=> ")
    machine.close(force=True)


def test_u_boot_starts_from_a_tree_low_in_ram(tmp_path):
    words = command([], memory="256M")
    tree = tree_of(words, tmp_path / "tree")
    machine = u_boot_prompt(loaded(tmp_path, words, U_BOOT, LOW_TREE, (tree, LOW_TREE)))
    machine.close(force=True)


def guest(payloads, module, memory="512M"):
    """The words for host-hv with one small guest, at that address."""
    words = command([payload(payloads, "csr")], "mem=96M", memory=memory)
    return [word.replace("guest-loader,addr=0xb0000000", f"guest-loader,addr={module:#x}") for word in words]


def with_tree(words, tree):
    """The same where QEMU passes that tree, which has the module's node already."""
    at = words.index("-device")
    address, kernel = re.search(r"addr=(\w+),kernel=([^,]*)", words[at + 1]).groups()
    return [*words[:at + 1], f"loader,file={kernel},addr={address},force-raw=on", *words[at + 2:], "-dtb", str(tree)]


def run_on_tree(folder, words, tree, at, module, *extra):
    """The same from a tree at that address, by our own loader: the module is put where the tree says."""
    kernel = re.search(r"kernel=([^,]*)", words[words.index("-device") + 1])[1]
    files = [(kernel, module)] + ([(tree, at)] if at >= RAM else [])
    return console(loaded(folder, [*without(words, "-device"), *extra], BUILD / "host-hv/host-hv.bin", at, *files))


def test_a_tree_with_room_behind_it_stays(payloads, tmp_path):
    words = guest(payloads, 0x88000000)
    text = run_on_tree(tmp_path, words, tree_of(words, tmp_path / "tree"), LOW_TREE + 40 * MB, 0x88000000)
    assert_passed(text)
    assert f"Next Arg1           : {LOW_TREE + 40 * MB:#018x}" in text, text


def test_a_tree_moves_rather_than_grow_into_what_is_behind_it(payloads, tmp_path):
    """The guest's kernel begins where the tree ends."""
    at = LOW_TREE + 40 * MB
    size = (tree_of(guest(payloads, 0x88000000), tmp_path / "tree").stat().st_size + 7) & ~7
    words = guest(payloads, at + size)
    text = run_on_tree(tmp_path, words, tree_of(words, tmp_path / "tree"), at, at + size)
    assert_passed(text)
    assert f"Next Arg1           : {at:#018x}" not in text, text


def test_a_tree_in_flash_moves_to_ram(payloads, tmp_path):
    words = guest(payloads, 0x88000000)
    tree, flash = tree_of(words, tmp_path / "tree"), tmp_path / "flash"
    flash.write_bytes(tree.read_bytes())
    with flash.open("ab") as file:
        file.truncate(32 * MB)
    assert_passed(run_on_tree(tmp_path, words, tree, FLASH1, 0x88000000, "-drive",
                              f"if=pflash,unit=1,format=raw,readonly=on,file={flash}"))


GIVEN = "/reserved-memory/shadow@90000000"


def given(base, size):
    """A place for the pool, as docs/porting.md shows it."""
    return [("/reserved-memory", "#address-cells", 2), ("/reserved-memory", "#size-cells", 2),
            ("/reserved-memory", "ranges", ""), (GIVEN, "compatible", "hmode,pool"), (GIVEN, "reg", 0, base, 0, size)]


def test_the_tree_may_give_the_pool_its_place(payloads, tmp_path):
    words = guest(payloads, 0x88000000)
    tree = tree_of(words, tmp_path / "tree", *given(0x9c000000, 8 * MB))
    text = console(with_tree(words, tree))
    assert_passed(text)
    assert pool(text) == (0x9c000000, 0x9c000000 + 8 * MB - 1)


@pytest.mark.parametrize("base, size", [(0x9c000000, 6 * MB), (0x9c400000, 8 * MB), (0xc0000000, 8 * MB), (NEXT, 8 * MB)])
def test_a_place_that_does_not_do_is_refused_by_name(payloads, tmp_path, base, size):
    words = command([], memory="512M")
    tree = tree_of(words, tmp_path / "tree", *given(base, size))
    words[words.index("-kernel") + 1] = str(payloads / "flush.bin")
    text = console([*words, "-dtb", str(tree)])
    assert f"hmcode: the pool of the device tree, {size:#x} bytes at {base:#x}, is no aligned power of two in free RAM" in text, text
    assert pool(text) is None
    assert_passed(text)


# With 512 MB the upper half is left to loaders, and the pool takes the 16 MB below that.
PREFERRED = (0x8f000000, 0x8fffffff)


def test_the_pool_leaves_half_of_small_ram_to_loaders(payloads):
    text = console(guest(payloads, 0x88000000))
    assert_passed(text)
    assert pool(text) == PREFERRED


@pytest.mark.parametrize("what", ["module", "reserved-memory", "initrd"])
def test_the_pool_is_clear_of_what_loaders_put_into_ram(payloads, tmp_path, what):
    taken = 0x8f800000
    edits = {"module": [],
             "reserved-memory": given(taken, MB)[:3] + [("/reserved-memory/other@8f800000", "reg", 0, taken, 0, MB)],
             "initrd": [("/chosen", "linux,initrd-start", 0, taken), ("/chosen", "linux,initrd-end", 0, taken + MB)]}[what]
    words = guest(payloads, taken if what == "module" else 0x88000000)
    tree = tree_of(words, tmp_path / "tree", *edits)
    text = console(with_tree(words, tree))
    assert_passed(text)
    first, last = pool(text)
    assert last < taken and first >= RAM + 64 * MB, text
