# SPDX-License-Identifier: BSD-2-Clause
"""Headers of kernels: each is read whole or refused, wherever the file ends and whatever its fields say."""

import gzip
import struct

import pytest

from hmode import image

RAM = image.RAM


def wanted(native=False, mib=128, form="auto", load=None):
    return image.Wanted(native=native, mib=mib, format=form, load=load)


def linux_image(size=4096, claimed=None, pe=None):
    """A Linux Image; pe: (offset of the PE header, sections, size of the optional header, end of the section)."""
    data = bytearray(size)
    struct.pack_into("<Q", data, 16, size if claimed is None else claimed)
    data[56:60] = b"RSC\x05"
    if pe:
        data[:2] = b"MZ"
        at, sections, optional, end = pe
        struct.pack_into("<I", data, 60, at)
        if at + 64 <= size:
            struct.pack_into("<4sHH12xH", data, at, b"PE\0\0", 0x5064, sections, optional)
            struct.pack_into("<16xII", data, at + 24, end - 1024, 1024)
    return bytes(data)


def elf(physical=RAM + 0x200000, length=64, memory=128, offset=0x1000, entry=None, machine=243, count=1):
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, machine, 1,
                         physical if entry is None else entry, 64, 0, 0, 64, 56, count, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, offset, physical, physical, length, memory, 4096)
    return (header + segment).ljust(0x1000, b"\0") + bytes(range(64))


def zboot(payload, kind=b"gzip", at=64, size=None):
    head = struct.pack("<4s4sII8x32sII", b"MZ", b"zimg", at, len(payload) if size is None else size, kind, 0, 64)
    return head.ljust(64, b"\0") + payload


def refused(data, **options):
    with pytest.raises(image.Refused) as caught:
        image.convert(data, wanted(**options))
    return str(caught.value)


# ---- truncated: every length is refused, and by a message, never by an exception of Python's ----

def test_an_image_cut_anywhere_is_refused():
    whole = linux_image(pe=(64, 1, 0, 4096))
    assert image.convert(whole, wanted()) == (4096, None)
    for size in range(len(whole)):
        assert "runcated" in refused(whole[:size]) or "too short" in refused(whole[:size]), size


@pytest.mark.parametrize("whole", [elf(), gzip.compress(linux_image()), zboot(gzip.compress(linux_image()))],
                         ids=["elf", "gzip", "zboot"])
def test_other_forms_cut_anywhere_are_refused(whole):
    image.convert(whole, wanted())
    for size in range(len(whole)):
        assert refused(whole[:size]), size


@pytest.mark.parametrize("size", range(41))
def test_a_tree_cut_in_its_header_is_refused(size):
    with pytest.raises(image.Refused):
        image.check_tree(struct.pack(">II", 0xd00dfeed, 41).ljust(41, b"\0")[:size])


# ---- wrong magic ----

@pytest.mark.parametrize("data, why", [
    (linux_image()[:56] + b"ARM\x64" + bytes(100), "for ARM"),
    (elf(machine=62), "not for 64-bit RISC-V"),
    (b"\x7fELF\x01\x01" + bytes(100), "not for 64-bit RISC-V"),
    (zboot(b"x" * 100, b"xz"), "compressed by 'xz'"),
    (bytes(100), "no riscv Linux Image"),
])
def test_a_wrong_magic_is_named(data, why):
    assert why in refused(data)


def test_natively_qemu_may_take_what_has_no_header():
    assert image.convert(bytes(100), wanted(native=True)) == (100, None)


# ---- fields as large as they can be: nothing is allocated, read or wrapped by them ----

@pytest.mark.parametrize("claimed", [0, 4095, 1 << 40, (1 << 63) - 1, (1 << 64) - 1])
def test_an_image_whose_size_cannot_be(claimed):
    assert "wrong size" in refused(linux_image(claimed=claimed))


@pytest.mark.parametrize("pe, why", [
    ((64, 97, 0, 4096), "broken PE"), ((64, 1, 0xffff, 4096), "truncated"), ((64, 1, 0, 0xffffffff), "truncated")])
def test_a_pe_header_beyond_the_file(pe, why):
    assert why in refused(linux_image(pe=pe))


def test_only_an_image_with_an_efi_stub_has_a_pe_header():
    pe = (0xffffffff, 1, 0, 4096)
    assert "truncated" in refused(linux_image(pe=pe))
    assert image.convert(b"\x6f\0" + linux_image(pe=pe)[2:], wanted())[0] == 4096


TOP = (1 << 64) - 1


@pytest.mark.parametrize("fields, why", [
    ({"offset": TOP}, "truncated"), ({"length": TOP, "memory": TOP}, "truncated"), ({"count": 0xffff}, "truncated"),
    ({"length": 64, "memory": 63}, "larger in the file"), ({"memory": TOP}, "physical addresses"),
    ({"physical": TOP}, "physical addresses"), ({"physical": RAM}, "physical addresses"),
    ({"count": 0}, "nothing to load"), ({"memory": 0, "length": 0}, "nothing to load")])
def test_an_elf_file_beyond_file_or_memory(fields, why):
    assert why in refused(elf(**fields))


@pytest.mark.parametrize("at, size", [(0xffffffff, 1), (64, 0xffffffff), (0xffffffff, 0xffffffff)])
def test_a_zboot_payload_beyond_the_file(at, size):
    assert "truncated" in refused(zboot(b"x" * 100, at=at, size=size))


@pytest.mark.parametrize("load", [0, 1, RAM, RAM + 4098, RAM + (128 << 20), TOP])
def test_a_place_that_no_flat_binary_can_have(load):
    assert "does not fit" in refused(bytes(16), form="flat", load=load)


# ---- what is made of them ----

def header_of(data):
    """Where the code of an Image's first page goes, by its auipc and jalr; and its offset and size."""
    auipc, jalr, offset, size = struct.unpack_from("<IIQQ", data)
    assert auipc & 0xfff == 0x297 and jalr & 0xfffff == 0x28067
    low = (jalr >> 20) - (0x1000 if jalr >> 31 else 0)
    return (auipc & 0xfffff000) + low, offset, size


@pytest.mark.parametrize("entry", [0, 4, 60])
def test_an_elf_file_becomes_an_image_that_enters_it(entry):
    size, made = image.convert(elf(entry=RAM + 0x200000 + entry), wanted())
    assert size == 0x200000 + 128
    assert header_of(made) == (0x1000 + entry, 0x1ff000, 0x1000 + 128)
    assert made[0x1000:] == bytes(range(64))
    assert image.check_image(made) == 0x1000 + 128


def test_what_is_packed_is_handed_on_unpacked():
    inner = linux_image()
    assert image.convert(gzip.compress(inner), wanted()) == (4096, inner)
    assert image.convert(zboot(gzip.compress(inner)), wanted()) == (4096, inner)
