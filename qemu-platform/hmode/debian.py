# SPDX-License-Identifier: BSD-2-Clause
"""make debian: a disk with Debian on it.

qemu-platform/debian.sh unpacks its packages, and a native guest configures them; what came of it stays in the cache, and
each disk is a copy.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

from hmode import devices, kinds, run, tree
from hmode.debs import Told
from hmode.messages import Failed, Refused, say
from hmode.settings import Settings

DISK = "debian.img"
SECOND_STAGE = "/var/lib/dpkg/second-stage"
CONFIGURED = "hmode: this Debian is configured"
SOURCES = ("debian.sh", "debian-second-stage")


def settings_of(given):
    """Refused: the disk cannot be made where DISK says."""
    settings = Settings({"DISK": DISK} | given)
    path = pathlib.Path(settings.disk)
    if devices.form(settings.disk) != "raw":
        raise Refused(f"DISK={path} would be a qcow2, and make debian makes a raw disk", "qemu-img convert -O qcow2, of Debian's qemu-utils")
    if os.path.lexists(path):
        raise Refused(f"DISK={path} is there already", "another name, or remove it")
    if not path.absolute().parent.is_dir():
        raise Refused(f"DISK={path} cannot be written: its folder is not there")
    return settings


def plan(given):
    """The options of no run but this command's own."""
    settings_of(given)
    return []


def made_of():
    """What the cached disk depends on, but for Debian's packages, which stay as they are until it is removed."""
    made = hashlib.sha256()
    for name in SOURCES:
        made.update((tree.PLATFORM / name).read_bytes())
    return f"{(tree.CACHE / 'current/kernel/release').read_text().strip()} {made.hexdigest()}"


def execute(*words, most=0):
    """Failed: with what it said; most: the highest status of success."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode > most:
        raise Failed(f"{os.path.basename(words[0])} failed: {done.stderr.strip() or done.stdout.strip()}")


def copy(source, target):
    """Holes stay holes."""
    execute("cp", "--sparse=always", "--reflink=auto", source, target)


@contextlib.contextmanager
def locked():
    """One at a time; the kernel gives the lock back, however this ends."""
    with (tree.CACHE / "lock.debian").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("WAIT", "for another make debian")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpacked():
    done = subprocess.run([tree.PLATFORM / "fetch", "debian"], check=False)
    if done.returncode:
        raise Told(done.returncode)
    return tree.CACHE / "current/debian-unpacked"


def configure(image):
    log = tree.BUILD / "log/debian.log"
    say("DEBIAN", f"a guest configures the packages, some minutes; its console is {log}")
    run.run(Settings({"MODE": "native", "WORKLOAD": "none", "ICOUNT": "0", "MEM": "1G", "DISK": str(image), "LOG": str(log),
                      "APPEND": f"init={SECOND_STAGE}", "TIMEOUT": "7200"}))
    if CONFIGURED not in run.read(log):
        raise run.RunFailed("the guest did not configure all packages", log)
    execute("/usr/sbin/e2fsck", "-f", "-p", image, most=1)      # 1: and what was wrong is right now


def cached():
    """The folder with `image` and `packages`, made where it is not there or was made of something else."""
    place = tree.CACHE / "debian"
    if (place / "made-of").is_file() and (place / "made-of").read_text() == made_of():
        return place
    new, source = tree.CACHE / "debian.new", unpacked()
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    copy(source / "image", new / "image")
    configure(new / "image")
    shutil.copy(source / "packages", new / "packages")
    (new / "made-of").write_text(made_of())
    shutil.rmtree(place, ignore_errors=True)
    new.rename(place)
    shutil.rmtree(source.resolve())
    source.unlink()
    return place


def make(given):
    settings = settings_of(given)
    with locked():
        place = cached()
        new = f"{settings.disk}.new"
        try:
            copy(place / "image", new)
            execute("truncate", "-s", settings.size, new)
            execute("/usr/sbin/resize2fs", new)
            os.link(new, settings.disk)     # what came there meanwhile stays
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new)
    say("DISK", f"{settings.disk}, {kinds.mebibytes(settings.size)}M; make shell DISK={settings.disk}")
