# SPDX-License-Identifier: BSD-2-Clause
"""Kernels in the forms that people have them in: they run where they must, or are refused by name."""

import gzip
import re
import struct
import subprocess

import pytest

from launcher import LAUNCH, MODES
from test_launcher import assert_refused, call, image

# Says "yes" if it lies at PLACE and its zeroed memory is zero, and ends the machine.
SOURCE = """
	.text
first:
	.if ENTERED_LATER
	j	first
	.endif
	.globl	_start
_start:
	lla	s0, first
	li	s1, PLACE
	bne	s0, s1, end
	lla	s0, zeroed
	lla	s1, zeroed_end
1:	ld	a0, (s0)
	bnez	a0, end
	addi	s0, s0, 8
	bltu	s0, s1, 1b
	lla	s0, yes
2:	lbu	a0, (s0)
	beqz	a0, end
	li	a7, 0x4442434e		# SBI DBCN, write a byte
	li	a6, 2
	ecall
	addi	s0, s0, 1
	j	2b
end:	li	a7, 0x53525354		# SBI SRST, shutdown
	li	a6, 0
	li	a0, 0
	li	a1, 0
	ecall
yes:	.asciz	"yes\\n"
	.bss
	.balign	8
zeroed:	.zero	1 << 20
zeroed_end:
"""
USUAL = 0x80200000


def program(folder, place=USUAL, later=0):
    """The ELF file, and its bytes as a flat binary."""
    elf, flat = folder / "program.elf", folder / "program.flat"
    command = ["riscv64-linux-gnu-gcc", "-nostdlib", "-static",
               f"-Wl,--build-id=none,--no-warn-rwx-segments,-N,-Ttext={place:#x}",
               f"-Wa,--defsym,PLACE={place:#x}", f"-Wa,--defsym,ENTERED_LATER={later}", "-x", "assembler", "-", "-o", elf]
    subprocess.run(command, input=SOURCE, text=True, check=True)
    subprocess.run(["riscv64-linux-gnu-objcopy", "-O", "binary", elf, flat], check=True)
    return elf, flat


def assert_says_yes(run):
    assert run.status == 0, repr(run)
    assert re.search(r"^yes", run.console, re.M), repr(run)


@pytest.mark.parametrize("mode", MODES)
def test_elf_is_loaded_by_its_physical_addresses(launch, tmp_path, mode):
    elf, _ = program(tmp_path, 0x81000000)
    assert_says_yes(launch(MODE=mode, MEM="128M", TIMEOUT=60, KERNEL=elf))


def test_elf_is_entered_where_it_says(launch, tmp_path):
    elf, _ = program(tmp_path, later=1)
    assert_says_yes(launch(MODE="ssp-hm", MEM="128M", TIMEOUT=60, KERNEL=elf))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", [USUAL, 0x80801000])
def test_flat_binary(launch, tmp_path, mode, place):
    _, flat = program(tmp_path, place)
    options = {} if place == USUAL else {"LOAD": hex(place)}
    assert_says_yes(launch(MODE=mode, MEM="128M", TIMEOUT=60, KERNEL=flat, FORMAT="flat", **options))


def zboot(kind, payload, size=None):
    """EFI zboot around a compressed payload, as Linux builds it."""
    header = struct.pack("<4s4sIIII32sII", b"MZ", b"zimg", 512, size or len(payload), 0, 0, kind, 0x818223cd, 64)
    return header.ljust(512, b"\0") + payload + bytes(64)


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


PACKED = {
    "Image.gz": gzip.compress,
    "Image.zst": zstd,
    "zboot-gzip": lambda data: zboot(b"gzip", gzip.compress(data)),
    "zboot-zstd": lambda data: zboot(b"zstd22", zstd(data)),
}


@pytest.mark.parametrize("form", PACKED)
def test_packed_image(launch, payloads, tmp_path, form):
    kernel = tmp_path / form
    kernel.write_bytes(PACKED[form]((payloads / "tree.bin").read_bytes()))
    for mode in MODES if form == "zboot-gzip" else ["ssp-hm"]:
        run = launch(MODE=mode, MEM="128M", TIMEOUT=60, KERNEL=kernel)
        assert run.status == 0, repr(run)
        assert re.search(r"payload: [1-9]\d* ok, 0 failed", run.console), repr(run)


@pytest.mark.parametrize("form", [*PACKED, "ELF"])
def test_any_truncation_is_refused(tmp_path, form):
    content = (program(tmp_path)[0].read_bytes() if form == "ELF" else
               PACKED[form](image(pe_end=4096) + bytes(range(256)) * 16))
    kernel = tmp_path / form
    end = len(content) - (64 if form.startswith("zboot") else 0)    # what lies behind the payload is not read
    for size in [70, 300, end // 2, end - 1]:
        kernel.write_bytes(content[:size])
        for words in ([], ["--native"]):
            assert_refused(call(LAUNCH.with_name("kernel"), *words, kernel), f"KERNEL={kernel} is truncated")


def elf32():
    return b"\x7fELF\x01\x01" + bytes(100)


@pytest.mark.parametrize("content, what, tool", [
    (b"\xfd7zXZ\0" + bytes(100), "compressed with xz", "unxz"),
    (b"\x04\x22\x4d\x18" + bytes(100), "compressed with lz4", "lz4 -d"),
    (b"BZh9" + bytes(100), "compressed with bzip2", "bunzip2"),
    (b"\x27\x05\x19\x56" + bytes(100), "uImage", "dumpimage"),
    (b"\xd0\x0d\xfe\xed" + bytes(100), "FIT", "dumpimage"),
    (b"!<arch>\n" + bytes(100), "Debian package", "dpkg-deb -x"),
    (zboot(b"lzma", b"x" * 100), "'lzma'", "arch/riscv/boot/Image"),
    (elf32(), "not for 64-bit RISC-V", ""),
    (gzip.compress(gzip.compress(image())), "compressed twice", "unpack it once"),
    (b"\xde\xad" * 100, "no riscv Linux Image", "FORMAT=flat"),
], ids=["xz", "lz4", "bzip2", "uImage", "FIT", "deb", "zboot-lzma", "elf32", "gzip-twice", "bytes"])
def test_what_is_refused_is_named_with_the_tool_for_it(tmp_path, content, what, tool):
    kernel = tmp_path / "kernel"
    kernel.write_bytes(content)
    assert_refused(call(LAUNCH, "options", f"KERNEL={kernel}"), what, tool)


def test_linux_itself_as_an_elf_file(tmp_path):
    """vmlinux has the physical address 0."""
    elf, _ = program(tmp_path, 0)
    assert_refused(call(LAUNCH, "options", f"KERNEL={elf}"), "physical addresses 0x0",
                   "objcopy -O binary vmlinux Image")


@pytest.mark.parametrize("words, why", [
    (["LOAD=0x80400000"], "FORMAT=flat alone"),
    (["FORMAT=flat", "LOAD=0x80000000"], "LOAD from 0x80001000 to 0x88000000"),
    (["FORMAT=flat", "LOAD=0x88000000"], "LOAD from 0x80001000"),
    (["FORMAT=flat", "LOAD=above"], "is no address"),
    (["FORMAT=raw"], "auto flat"),
])
def test_places_that_are_none(tmp_path, words, why):
    kernel = tmp_path / "kernel"
    kernel.write_bytes(b"\x13\0\0\0" * 100)
    assert_refused(call(LAUNCH, "options", "MEM=128M", f"KERNEL={kernel}", *words), why)


TREE = """
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	chosen { bootargs = "theirs=1"; rng-seed = <0x0 0x7>; };
	memory@80000000 { device_type = "memory"; reg = <0 0x80000000 0 0x8000000>; };
	cpus { #address-cells = <1>; #size-cells = <0>; timebase-frequency = <10000000>; };
};
"""


def tree(folder):
    path = folder / "own.dtb"
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", path, "-"], input=TREE, text=True, check=True)
    return path


def test_a_tree_of_the_guests_own(launch, payloads, tmp_path):
    """With an initrd, which is put into it; and without words, which leave the tree's."""
    initrd = tmp_path / "initrd"
    initrd.write_bytes(bytes(5000))
    words = {"KERNEL": payloads / "tree.bin", "DTB": tree(tmp_path), "TIMEOUT": 60, "MEM": "128M"}
    run = launch(MODE="ssp-hm", INITRD=initrd, CMDLINE="ours=2", **words)
    assert run.status == 0 and "note rng-seed 0x7\n" in run.console.replace("\r", ""), repr(run)
    assert "note bootargs ours=2\n" in run.console.replace("\r", ""), repr(run)
    start, end = (int(re.search(rf"note linux,initrd-{at} (\w+)", run.console)[1], 0) for at in ("start", "end"))
    assert end - start == 5000
    run = launch(MODE="ssp-hm", CMDLINE="", **words)
    assert "note bootargs theirs=1\n" in run.console.replace("\r", "") and "linux,initrd" not in run.console


def test_what_is_no_tree_is_refused(tmp_path, payloads):
    kernel, good = payloads / "tree.bin", tree(tmp_path)
    bad = tmp_path / "bad.dtb"
    for content, why in [(good.read_bytes()[:-1], "truncated"), (TREE.encode(), "dtc -O dtb"), (b"x" * 99, "no flat")]:
        bad.write_bytes(content)
        assert_refused(call(LAUNCH, "options", f"KERNEL={kernel}", f"DTB={bad}"), f"DTB={bad}", why)
    assert_refused(call(LAUNCH, "options", f"KERNEL={kernel}", f"INITRD={good}"), f"DTB={good}")


def test_native_takes_what_qemu_takes(tmp_path):
    kernel = tmp_path / "kernel"
    for content in (b"\x27\x05\x19\x56" + bytes(100), b"\x13\0\0\0" * 100):
        kernel.write_bytes(content)
        assert call(LAUNCH, "options", "MODE=native", f"KERNEL={kernel}").returncode == 0
