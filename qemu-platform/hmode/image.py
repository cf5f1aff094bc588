# SPDX-License-Identifier: BSD-2-Clause
"""Makes of a kernel, in whatever form it comes, a file that the machine takes.

host-hv takes a Linux Image and nothing else; an ELF file or a flat binary becomes one by a page before it that
holds the header.  What is unpacked or converted goes to a folder; without one the file is only looked at.
"""

import argparse
import dataclasses
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import zlib

from hmode import outputs
from hmode.messages import Refused

RAM = 0x80000000
FLAT_LOAD = RAM + (2 << 20)
HEADER_PAGE = 4096
OBJCOPY = "riscv64-linux-gnu-objcopy -O binary"


class Kernel:
    """A kernel as it lies in memory: data from `base` on, zeroes up to `end`, entered at `entry`."""

    def __init__(self, data, base, end, entry):
        self.data, self.base, self.end, self.entry = data, base, end, entry


def number(data, at, form):
    return struct.unpack_from("<" + form, data, at)[0]


# ---- what is only unpacked ----

def gunzip(data):
    unpacker = zlib.decompressobj(wbits=31)
    try:
        out = unpacker.decompress(data)
    except zlib.error as error:
        raise Refused(f"is a broken gzip file: {error}") from error
    if not unpacker.eof:
        raise Refused("is truncated: its gzip data have no end")
    return out


def unzstd(data):
    if not shutil.which("zstd"):
        raise Refused("is compressed with zstd, and the tool 'zstd' is missing",
                      "Debian's package 'zstd', or: make fetch")
    done = subprocess.run(["zstd", "-d", "-q", "-c"], input=data, capture_output=True, check=False)
    if done.returncode:
        raise Refused(f"is truncated or broken: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def unpack_zboot(data):
    """EFI zboot (Linux, drivers/firmware/efi/libstub/zboot-header.S): payload's place, size and compression."""
    if len(data) < 64:
        raise Refused("is truncated: it is shorter than an EFI zboot header")
    at, size = struct.unpack_from("<II", data, 8)
    how = data[24:56].split(b"\0")[0].decode(errors="replace")
    if at + size > len(data):
        raise Refused(f"is truncated: {len(data)} bytes of {at + size} of its EFI zboot payload")
    if how == "gzip":
        return gunzip(data[at:at + size])
    if how.startswith("zstd"):
        return unzstd(data[at:at + size])
    raise Refused(f"is an EFI zboot image compressed by '{how}'; gzip and zstd are unpacked here",
                  "the kernel's arch/riscv/boot/Image, as it was before 'make vmlinuz.efi'")


def is_zboot(data):
    return data[:2] == b"MZ" and data[4:8] == b"zimg"


def unpacked(data):
    """The file inside, or None."""
    if data[:2] == b"\x1f\x8b":
        return gunzip(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return unzstd(data)
    if is_zboot(data):
        return unpack_zboot(data)
    return None


# ---- Linux Images ----

def pe_end(data):
    """Where the file ends by the PE header that kernels with an EFI stub carry, or 0."""
    pe = number(data, 60, "I")
    if data[:2] == b"MZ" and pe >= 64 and pe + 24 > len(data):
        raise Refused(f"is truncated: {len(data)} bytes, and its PE header ends at {pe + 24}")
    if pe < 64 or data[pe:pe + 4] != b"PE\0\0" or pe + 24 > len(data):
        return 0
    sections, optional = number(data, pe + 6, "H"), number(data, pe + 20, "H")
    if sections > 96:
        raise Refused("has a broken PE header")
    table = pe + 24 + optional
    if table + 40 * sections > len(data):
        return table + 40 * sections
    return max((sum(struct.unpack_from("<II", data, table + 40 * i + 16)) for i in range(sections)), default=0)


def check_image(data):
    """The bytes that a Linux Image takes in memory, from the start of RAM."""
    size = number(data, 16, "Q")
    if pe_end(data) > len(data):
        raise Refused(f"is truncated: {len(data)} bytes of {pe_end(data)}")
    if not len(data) <= size < 1 << 40:
        raise Refused(f"has a wrong size in its header: {size} for {len(data)} bytes")
    return size


def as_image(kernel):
    """A Linux Image (Linux, Documentation/arch/riscv/boot-image-header.rst) that is the kernel behind one page."""
    base = kernel.base - HEADER_PAGE
    offset = kernel.entry - base
    upper = (offset + 0x800) >> 12
    code = struct.pack("<II", upper << 12 | 5 << 7 | 0x17,              # auipc t0, upper
                       (offset - (upper << 12) & 0xfff) << 20 | 5 << 15 | 0x67)   # jr lower(t0)
    header = struct.pack("<8sQQQII8s8s4sI", code, base - RAM, kernel.end - base, 0, 2, 0, bytes(8), b"RISCV\0\0\0",
                         b"RSC\x05", 0)
    return header.ljust(HEADER_PAGE, b"\0") + kernel.data


# ---- ELF ----

def segments(data):
    """(offset, virtual, physical, bytes in the file, bytes in memory) of what is to be loaded."""
    if len(data) < 64:
        raise Refused("is truncated: it is shorter than an ELF header")
    if data[4:6] != b"\x02\x01" or number(data, 18, "H") != 243:
        raise Refused("is an ELF file, but not for 64-bit RISC-V")
    at, size, count = number(data, 32, "Q"), number(data, 54, "H"), number(data, 56, "H")
    sections = number(data, 40, "Q") + number(data, 58, "H") * number(data, 60, "H")
    if size < 56 or max(at + size * count, sections) > len(data):
        raise Refused(f"is truncated: {len(data)} bytes of {max(at + size * count, sections)} of an ELF file")
    headers = [struct.unpack_from("<IIQQQQQ", data, at + size * i) for i in range(count)]
    found = [header[2:] for header in headers if header[0] == 1 and header[6]]
    for offset, _, _, length, memory in found:
        if offset + length > len(data):
            raise Refused(f"is truncated: {len(data)} bytes of {offset + length} of an ELF file")
        if length > memory:
            raise Refused("is a broken ELF file: a segment is larger in the file than in memory")
    return found


def elf_entry(data, loaded, low):
    """A kernel that is linked where it is loaded says where to enter; another is entered at its first byte, as by
    QEMU, since its entry is an address of a translation that is not there yet."""
    entry = number(data, 24, "Q")
    for _, virtual, physical, _, memory in loaded:
        if virtual == physical and physical <= entry < physical + memory:
            return entry
    return low


def read_elf(data, mib):
    loaded = segments(data)
    if not loaded:
        raise Refused("is an ELF file with nothing to load (an object file?)", "a linked kernel")
    low = min(physical for _, _, physical, _, _ in loaded)
    end = max(physical + memory for _, _, physical, _, memory in loaded)
    if low < RAM + HEADER_PAGE or end > RAM + (mib << 20):
        raise Refused(f"is an ELF file for physical addresses {low:#x} to {end:#x}; a guest has RAM for one from "
                      f"{RAM + HEADER_PAGE:#x} to {RAM + (mib << 20):#x}",
                      f"of Linux's vmlinux an Image, by '{OBJCOPY} vmlinux Image'; of others, one linked for that RAM")
    out = bytearray(max(physical + length for _, _, physical, length, _ in loaded) - low)
    for offset, _, physical, length, _ in loaded:
        out[physical - low:physical - low + length] = data[offset:offset + length]
    return Kernel(bytes(out), low, end, elf_entry(data, loaded, low))


def as_elf(kernel):
    """What QEMU loads to a place of our choice."""
    elf = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 243, 1, kernel.entry, 64, 0, 0, 64, 56, 1,
                      0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, HEADER_PAGE, kernel.base, kernel.base, len(kernel.data),
                          kernel.end - kernel.base, HEADER_PAGE)
    return (elf + segment).ljust(HEADER_PAGE, b"\0") + kernel.data


# ---- what is refused ----

FOREIGN = [
    (0, b"\xfd7zXZ\0", "is compressed with xz", "the Image inside: 'unxz FILE' unpacks it"),
    (0, b"\x04\x22\x4d\x18", "is compressed with lz4", "the Image inside: 'lz4 -d FILE Image' unpacks it"),
    (0, b"\x02\x21\x4c\x18", "is compressed with lz4", "the Image inside: 'lz4 -d FILE Image' unpacks it"),
    (0, b"BZh", "is compressed with bzip2", "the Image inside: 'bunzip2 FILE' unpacks it"),
    (0, b"\x89LZO", "is compressed with lzop", "the Image inside: 'lzop -d FILE' unpacks it"),
    (0, b"\x5d\0\0", "is compressed with lzma", "the Image inside: 'unlzma FILE' unpacks it"),
    (0, b"\x27\x05\x19\x56", "is a uImage of U-Boot's",
     "the Image inside: 'dumpimage -T kernel -p 0 -o Image FILE' takes it out"),
    (0, b"\xd0\x0d\xfe\xed", "is a device tree or a FIT image",
     "DTB= for a tree; the kernel of a FIT image: 'dumpimage -T flat_dt -p 0 -o Image FILE'"),
    (56, b"ARM\x64", "is no riscv Linux Image, but one for ARM", None),
    (56, b"\xcd\x23\x82\x81", "is an EFI program without a Linux Image", None),
    (0, b"!<arch>\n", "is an archive, perhaps a Debian package", "the kernel inside: 'dpkg-deb -x FILE FOLDER'"),
]


def refuse_foreign(data):
    for at, magic, what, remedy in FOREIGN:
        if data[at:at + len(magic)] == magic:
            raise Refused(what, remedy)
    if len(data) < 64:
        raise Refused("is too short for a Linux Image header: truncated?")
    raise Refused("is no riscv Linux Image: no 'RSC\\x05' at offset 56",
                  "FORMAT=flat for a binary without a header; an Image, Image.gz, EFI zboot, or an ELF file")


# ---- all together ----

@dataclasses.dataclass(frozen=True)
class Wanted:
    """What it is taken for: by QEMU itself or by host-hv, into how much memory, and the options FORMAT and LOAD."""

    native: bool = False
    mib: int = 512
    format: str = "auto"
    load: int = None


def convert(data, wanted):
    """The bytes that the kernel takes, and what to load instead of the file, or None."""
    if wanted.format == "flat":
        base = FLAT_LOAD if wanted.load is None else wanted.load
        if not data:
            raise Refused("is empty")
        if not RAM + HEADER_PAGE <= base <= RAM + (wanted.mib << 20) - len(data) or base % 4:
            raise Refused(f"does not fit into the guest's RAM at {base:#x}",
                          f"LOAD from {RAM + HEADER_PAGE:#x} to {RAM + (wanted.mib << 20):#x}, a multiple of 4")
        kernel = Kernel(data, base, base + len(data), base)
        if wanted.native:
            return kernel.end - RAM, as_elf(kernel) if wanted.load is not None else None
        return kernel.end - RAM, as_image(kernel)
    inner = unpacked(data)
    if inner is not None:
        if unpacked(inner) is not None:
            raise Refused("is compressed twice", "the file inside: unpack it once")
        size, other = convert(inner, wanted)
        return size, inner if other is None else other
    if len(data) >= 64 and data[56:60] == b"RSC\x05":
        return check_image(data), None
    if wanted.native and data:
        if data[:4] == b"\x7fELF":
            segments(data)
        return len(data), None
    if data[:4] == b"\x7fELF":
        kernel = read_elf(data, wanted.mib)
        return kernel.end - RAM, as_image(kernel)
    return refuse_foreign(data)


def store(folder, source, wanted, content):
    """The file of that content, named by what it is made of, so that runs at the same time agree."""
    key = hashlib.sha256(f"{wanted.native} {wanted.format} {wanted.load} ".encode() + source).hexdigest()[:32]
    path = pathlib.Path(folder) / key
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{key}.{os.getpid()}")
        outputs.write_whole(new, path, content)
    return path


def check_tree(data):
    """A flattened device tree (Devicetree Specification, chapter 5)."""
    if data.lstrip()[:8] == b"/dts-v1/":
        raise Refused("is the source of a device tree", "the tree: 'dtc -O dtb -o FILE.dtb FILE' makes it")
    if data[:4] != b"\xd0\x0d\xfe\xed" or len(data) < 40:
        raise Refused("is no flattened device tree", "what 'dtc -O dtb' writes")
    if struct.unpack_from(">I", data, 4)[0] > len(data):
        raise Refused(f"is truncated: {len(data)} bytes of {struct.unpack_from('>I', data, 4)[0]}")


def named(name, path, look):
    """What `look` makes of the file's bytes; the refusal names the file."""
    try:
        return look(pathlib.Path(path).read_bytes())
    except Refused as refused:
        raise Refused(f"{name}={path} {refused}", refused.remedy) from None


def look_at_tree(path):
    named("DTB", path, check_tree)


def look_at_kernel(path, wanted, folder):
    """The bytes that it takes in memory, and the file to load."""
    def look(data):
        size, content = convert(data, wanted)
        return size, path if content is None or not folder else store(folder, data, wanted, content)

    return named("KERNEL", path, look)


def main():
    """kernel [--native] [--folder FOLDER] FILE: prints the bytes that it takes in memory and the file to load."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--native", action="store_true")
    parser.add_argument("--folder")
    parser.add_argument("file")
    given = parser.parse_args()
    try:
        print(*look_at_kernel(given.file, Wanted(native=given.native), given.folder))
    except Refused as refused:
        refused.show()
        sys.exit(refused.status)
