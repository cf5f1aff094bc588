# SPDX-License-Identifier: BSD-2-Clause
"""The guest's files: is each what its user takes it for, and do they leave room for each other?"""

import dataclasses
import pathlib

from hmode import devices, image, program, tree
from hmode.kinds import readable
from hmode.messages import Failed, Refused

TREE_MAGIC = b"\xd0\x0d\xfe\xed"
SPARE_MIB = 16


@dataclasses.dataclass(frozen=True)
class Guest:
    kernel: pathlib.Path
    initrd: pathlib.Path
    dtb: pathlib.Path


def is_ours(settings):
    """Its kernel comes from the cache."""
    return pathlib.Path(settings.kernel).is_relative_to(tree.CACHE)


def must_be_there(settings):
    """A kernel of ours that needs a command of its own."""
    if pathlib.Path(settings.kernel).is_file():
        return
    if settings.guest == "debian-sid":
        raise Failed("the newest kernel of Debian is not fetched", "run: make fetch-sid")
    if settings.guest.startswith("patched"):
        raise Failed("the patched guest's kernel is not built", "run: make linux")


def initrd_of(settings):
    """A path, or None."""
    if settings.initrd == "none":
        return None
    path = readable("INITRD", settings.initrd)
    with path.open("rb") as file:
        if file.read(4) == TREE_MAGIC:
            raise Refused(f"INITRD={path} is a device tree", f"DTB={path}")
    return path


def dtb_of(settings):
    if not settings.dtb:
        return None
    path = readable("DTB", settings.dtb)
    image.look_at_tree(path)
    return path


def look_beside(settings):
    """What the user gives to a kernel of ours, which may not be built yet."""
    if settings.is_given("INITRD"):
        initrd_of(settings)
    dtb_of(settings)
    program.look(settings)
    devices.look(settings)


def root_of(settings, folder):
    """The initrd, with programs of the user's own over it; without a folder ours may not be built yet."""
    if not settings.programs:
        return initrd_of(settings)
    program.look(settings)
    return program.initrd(settings) if folder else None


def look(settings, folder=None):
    """The guest's files; a kernel that is converted goes into the folder, without one it is only looked at."""
    path = readable("KERNEL", settings.kernel)
    wanted = image.Wanted(settings.is_native, settings.mib, settings.format, settings.load)
    size, kernel = image.look_at_kernel(path, wanted, folder)
    devices.look(settings)
    initrd = root_of(settings, folder)
    if folder:
        initrd = devices.with_drivers(settings, program.with_command(settings, initrd))
    # A root that is large is in memory twice while the kernel unpacks it, and its file system takes half of the memory.
    copies = 2 if settings.programs else 1
    need = (size + (copies * initrd.stat().st_size if initrd else 0)) // (1 << 20) + SPARE_MIB
    if need > settings.mib:
        what = "INITRD" if copies == 1 else "ROOT, or fewer DEBS"
        raise Refused(f"kernel and initrd need {need}M, the guest's memory is {settings.mib}M",
                      f"a larger MEM, or a smaller {what}")
    return Guest(kernel, initrd, dtb_of(settings))
