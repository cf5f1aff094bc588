# SPDX-License-Identifier: BSD-2-Clause
"""A guest's root, and what is laid over it for one run: a second cpio archive behind the first, which the kernel unpacks
over it.  Neither needs the rights of root to be made."""

import contextlib
import functools
import hashlib
import lzma
import os
import pathlib
import subprocess
import tempfile
import time

from hmode import image, newc, outputs, tree
from hmode.messages import Failed, Refused, naming

# Where a program that is named without a folder is looked for.
PATH = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin", "usr/games")
LINKS = 40              # as many as the kernel follows


# Where a dynamic program looks by itself, on Debian and elsewhere.
LIBRARIES = ("lib/riscv64-linux-gnu", "usr/lib/riscv64-linux-gnu", "lib", "usr/lib", "usr/local/lib", "lib64/lp64d",
             "usr/lib64/lp64d", "lib64", "usr/lib64")
OLD = 3600              # seconds after which an archive that was made for a run may go


def cpio(*words, **more):
    try:
        done = subprocess.run(["cpio", "--quiet", *words], capture_output=True, check=False, **more)
    except FileNotFoundError:
        raise Failed("the tool 'cpio' is missing", "install Debian's package 'cpio', or run: make fetch") from None
    if done.returncode:
        raise Failed(f"cpio failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


class Root:
    """The files of a folder, seen from inside: links lead to places within it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def resolve(self, path):
        """The file that a path of the guest's names, outside; None: there is none."""
        todo, at, links = [part for part in path.split("/") if part], [], 0
        while todo:
            part = todo.pop(0)
            if part in (".", ".."):
                at = at[:-1] if part == ".." else at
                continue
            here = self.folder.joinpath(*at, part)
            if os.path.islink(here):
                links += 1
                if links > LINKS:
                    return None
                target = os.readlink(here)
                at = [] if target.startswith("/") else at
                todo = [each for each in target.split("/") if each] + todo
            elif os.path.exists(here):      # False as well where the name is too long
                at.append(part)
            else:
                return None
        return self.folder.joinpath(*at)

    def has_file(self, path):
        found = self.resolve(path)
        return found is not None and found.is_file()

    def has(self, path):
        """Anything at all of that name, a link too."""
        parent, name = os.path.split(path.strip("/"))
        inside = self.resolve(parent)
        return inside is not None and os.path.lexists(inside / name)

    def library(self, name, places=()):
        """The path of one in the guest, or None; places: folders where it is looked for first."""
        if "/" in name:
            return name if self.has_file(name) else None
        return next((f"/{folder.strip('/')}/{name}" for folder in (*places, *LIBRARIES) if self.has_file(f"{folder}/{name}")), None)

    def command(self, name):
        """The path of a program by its name, or None."""
        if "/" in name:
            return name if self.has_file(name) else None
        return next((f"/{folder}/{name}" for folder in PATH if self.has_file(f"{folder}/{name}")), None)


def plain(path):
    """The archive's bytes as they are when nothing is compressed."""
    data = pathlib.Path(path).read_bytes()
    if data[:6] == b"\xfd7zXZ\0":
        try:
            data = lzma.decompress(data)
        except lzma.LZMAError as error:
            raise Refused(f"is a broken xz file: {error}") from error
    inner = image.unpacked(data)
    data = data if inner is None else inner
    if data[:6] not in newc.MAGIC:
        raise Refused("is no cpio archive of the form that kernels take",
                      "a folder, or what 'cpio --create --format=newc' makes, perhaps compressed by gzip, xz or zstd")
    return data


class Unpacked(Root):
    """What an archive holds, for as long as the launcher runs."""

    def __init__(self, path):
        self.temporary = tempfile.TemporaryDirectory(prefix="hmode-root-")
        super().__init__(self.temporary.name)
        newc.Contents(plain(path)).write(self.folder)


@functools.cache
def of_archive(path):
    return Unpacked(path)


@functools.cache
def of_folder(folder):
    """An archive of all that is in it, owned by root; and the root."""
    names = sorted(os.fsencode(os.path.relpath(os.path.join(at, name), folder))
                   for at, folders, files in os.walk(folder) for name in (*folders, *files))
    if not names:
        raise Refused("is an empty folder", "a folder with the files of a root")
    made = cpio("--create", "--null", "--format=newc", "--reproducible", "--owner=0:0", cwd=folder,
                input=b"".join(name + b"\0" for name in names))
    return kept(made), Root(folder)


def parents(path):
    """Every folder on the way to it, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count + 1]) for count in range(len(parts))]


def archive(files, root):
    """The bytes of an archive with these files, path in the guest -> path or bytes.  All may be executed; the same files
    give the same bytes.  A folder that the root has stays as it is there, a link too."""
    names = sorted({folder for path in files for folder in parents(path) if not root.has(folder)} | set(files))
    with tempfile.TemporaryDirectory(prefix="hmode-over-") as top:
        for path, content in files.items():
            place = pathlib.Path(top, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            with naming(place):
                place.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        for name in names:
            os.chmod(pathlib.Path(top, name), 0o755)
        for name in reversed(names):
            os.utime(pathlib.Path(top, name), (0, 0))
        return cpio("--create", "--null", "--format=newc", "--reproducible", "--owner=0:0", cwd=top,
                    input=b"".join(os.fsencode(name) + b"\0" for name in names))


def laid_over(base, over):
    """A file of an archive and another behind it, named by what it holds, so that runs at the same time agree."""
    content = base.read_bytes()
    if base.parent == tree.BUILD / "programs":
        os.utime(base)      # a further run needs it
    return kept(content + bytes(-len(content) % 4) + over)


def remove_old(folder):
    """What no run needs any more: QEMU has read an archive once its machine runs."""
    for path in folder.glob("*.cpio"):
        with contextlib.suppress(OSError):      # another run was as quick
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink()


def kept(content):
    """A file of the build's with that content."""
    path = tree.BUILD / "programs" / f"{hashlib.sha256(content).hexdigest()[:32]}.cpio"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        os.utime(path)
    remove_old(path.parent)
    if not path.exists():
        new = path.with_name(f"{path.stem}.{os.getpid()}.cpio")     # remove_old() knows it by its end
        outputs.write_whole(new, path, content)
    return path
