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
import shlex
import shutil
import subprocess
import tempfile

from hmode import debs, devices, kinds, run, tree
from hmode.messages import Failed, Refused, say
from hmode.settings import Settings

DISK = "debian.img"
SECOND_STAGE = "/var/lib/dpkg/second-stage"
CONFIGURED = "hmode: this Debian is configured"
SOURCES = ("debian.sh", "debian-second-stage")


def settings_of(given):
    """Refused: the disk cannot be made where DISK says."""
    settings = Settings({"DISK": DISK} | {name: text for name, text in given.items() if text})
    path = pathlib.Path(settings.disk)
    if devices.form(settings.disk) != "raw":
        raise Refused(f"DISK={path} would be a qcow2, and make debian makes a raw disk", "qemu-img convert -O qcow2, of Debian's qemu-utils")
    if path.is_dir() or settings.disk.endswith("/"):
        raise Refused(f"DISK={settings.disk} is a folder", "the name of a file in it")
    if os.path.lexists(path):
        raise Refused(f"DISK={path} is there already", f"make shell DISK={shlex.quote(settings.disk)}, which boots it; or another name")
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        raise Refused(f"DISK={path} cannot be written: its folder is not there, or not yours")
    return settings


def plan(given):
    """The options of no run but this command's own."""
    settings_of(given)
    return []


def made_of():
    """What the cached disk depends on, but for Debian's packages, which stay as they are until it is removed; debian.sh
    says the same of what it unpacks."""
    made = hashlib.sha256(b"".join((tree.PLATFORM / name).read_bytes() for name in SOURCES))
    return f"{(tree.CACHE / 'current/kernel/release').read_text().strip()} {made.hexdigest()}\n"


def execute(*words, most=0):
    """Failed: with what it said; most: the highest status of success."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode > most or done.returncode < 0:
        raise Failed(f"{os.path.basename(words[0])} failed: {done.stderr.strip() or done.stdout.strip()}")


def copy(source, target):
    """Holes stay holes."""
    execute("cp", "--sparse=always", "--reflink=auto", "--", source, target)


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
    debs.fetch("debian")
    return tree.CACHE / "current/debian-unpacked"


def forget(link):
    """What was unpacked: never half of it under its name."""
    entry, old = link.resolve(), tree.CACHE / "debian.old"
    link.unlink()
    shutil.rmtree(old, ignore_errors=True)
    entry.rename(old)
    shutil.rmtree(old)


def configure(image, settings):
    log = tree.BUILD / "log/debian.log"
    say("DEBIAN", f"a guest configures the packages, about ten minutes; its console is {log}")
    # Two harts: dpkg has another process unpack.
    given = {"MODE": "native", "WORKLOAD": "none", "ICOUNT": "0", "MEM": "1G", "HARTS": "2", "DISK": str(image), "LOG": str(log),
             "APPEND": f"init={SECOND_STAGE}", "TIMEOUT": "7200"}
    run.run(Settings(given | ({"QEMU": settings.qemu} if settings.qemu else {})))
    if CONFIGURED not in run.read(log):
        raise run.RunFailed("the guest did not configure all packages", log)
    execute("/usr/sbin/e2fsck", "-f", "-p", image, most=1)      # 1: and what was wrong is right now


def cached(settings):
    """The folder with `image` and `packages`, made where it is not there or was made of something else."""
    place = tree.CACHE / "debian"
    if (place / "image").is_file() and (place / "made-of").is_file() and (place / "made-of").read_text() == made_of():
        return place
    new, source = tree.CACHE / "debian.new", unpacked()
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for name in ("packages", "made-of", "image"):
        copy(source / name, new / name)
    configure(new / "image", settings)
    shutil.rmtree(place, ignore_errors=True)
    new.rename(place)
    forget(source)
    return place


@contextlib.contextmanager
def beside(path):
    """A new file in the same folder, which takes the name in the end if nobody has it by then."""
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=".hmode-")
    try:
        os.fchmod(descriptor, 0o666 & ~umask())
        os.close(descriptor)
        yield new
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(new, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(new)


def umask():
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


def make(given):
    settings = settings_of(given)
    with locked(), beside(pathlib.Path(settings.disk).absolute()) as new:
        copy(cached(settings) / "image", new)
        execute("truncate", "-s", settings.size, new)
        execute("/usr/sbin/resize2fs", new)
    say("DISK", f"{settings.disk}, {kinds.mebibytes(settings.size)}M; to its login, as root without a password: "
        f"make shell DISK={shlex.quote(settings.disk)} NET=user")
