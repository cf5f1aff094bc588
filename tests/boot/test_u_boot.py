# SPDX-License-Identifier: BSD-2-Clause
"""docs/porting.md, played: an ITB for a board, and hmcode, U-Boot, host-hv and a guest on QEMU, by the page's own commands."""

import re
import shlex
import shutil
import subprocess

import pytest

from launcher import BUILD, ROOT
from test_host_hv import CACHE, command
from test_places import U_BOOT, u_boot_prompt, without

HMCODE = BUILD / "hmcode/hmcode.bin"
BOARD = CACHE / "current/u-boot/usr/lib/u-boot/starfive_visionfive2"
# Where the page has U-Boot load the files, on QEMU's machine.
HOST, GUEST, RAMDISK = 0x84000000, 0x90000000, 0x98000000


def page():
    return (ROOT / "docs/porting.md").read_text()


def shown(prompt):
    """The commands that the page shows behind this prompt."""
    found = re.findall(rf"^    {re.escape(prompt)} (.*)$", page(), re.M)
    assert len(found) > 2
    return found


# ---- the ITB ----

@pytest.fixture
def folder(tmp_path):
    shutil.copy(BOARD / "u-boot.itb", tmp_path)
    shutil.copy(HMCODE, tmp_path)
    description = re.search(r"^    /dts-v1/;\n(    .*\n)*?    };\n", page(), re.M)[0]
    (tmp_path / "hmcode.its").write_text(description)
    for line in shown("$"):
        subprocess.run(shlex.split(line), cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def image(folder, itb, number):
    subprocess.run(["dumpimage", "-T", "flat_dt", "-p", str(number), "-o", "image", itb], cwd=folder, check=True, capture_output=True)
    return (folder / "image").read_bytes()


def properties(folder, itb, node):
    names = subprocess.run(["fdtget", "-p", itb, node], cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    return {name: subprocess.run(["fdtget", "-t", "bx", itb, node, name], cwd=folder, check=True, capture_output=True).stdout
            for name in names if name not in ("data", "description")}


def test_the_itb_differs_from_the_boards_in_its_firmware_alone(folder):
    for number in (0, 2):
        assert image(folder, "hmcode.itb", number) == image(folder, "u-boot.itb", number)
    assert image(folder, "hmcode.itb", 1) == HMCODE.read_bytes() != image(folder, "u-boot.itb", 1)
    for node in ("/images/uboot", "/images/opensbi", "/images/fdt-1", "/configurations", "/configurations/conf-1"):
        new, old = properties(folder, "hmcode.itb", node), properties(folder, "u-boot.itb", node)
        new.pop("type", None) if "type" not in old else None
        assert new == old, node


# ---- the prompt ----

def instead_of(line, sizes):
    """There is no card: the files are in memory already, and `load` leaves nothing but their size."""
    file = re.fullmatch(r"load mmc \S+ \S+ (\S+)", line)
    return f"setenv filesize {sizes[file[1]]:x}" if file else line


def test_from_the_prompt_to_a_guest(payloads):
    files = {"host-hv.bin": (BUILD / "host-hv/host-hv.bin", HOST), "Image": (payloads / "csr.bin", GUEST),
             "initrd.img": (payloads / "flush.bin", RAMDISK)}
    words = without(command([], memory="512M"), "-append")
    words[words.index("-kernel") + 1] = str(U_BOOT)
    for path, address in files.values():
        words += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
    machine = u_boot_prompt(words)
    for line in shown("=>"):
        machine.sendline(instead_of(line, {name: path.stat().st_size for name, (path, _) in files.items()}))
        if not line.startswith("booti"):
            machine.expect(r"\n=> ")
            assert not re.search(r"rror|nknown|sage:|libfdt", machine.before), machine.before
    machine.expect(r"vm0: 128 MB at \w+, 1 vCPU, kernel 2\d KB, initrd 2\d KB")
    machine.expect(r"payload: (\d+) ok, (\d+) failed")
    assert int(machine.match[1]) > 0 and int(machine.match[2]) == 0, machine.before
    machine.expect_exact('{"end":"shutdown","vm":0}')
    machine.close(force=True)
