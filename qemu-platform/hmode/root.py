# SPDX-License-Identifier: BSD-2-Clause
"""A guest's root, and what is laid over it for one run: a second cpio archive behind the first, which the kernel unpacks
over it.  Neither needs the rights of root to be made."""

import functools
import hashlib
import os
import pathlib
import subprocess
import tempfile

from hmode import tree
from hmode.messages import Failed

# Where a program that is named without a folder is looked for.
PATH = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
LINKS = 40              # as many as the kernel follows


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
            if here.is_symlink():
                links += 1
                if links > LINKS:
                    return None
                target = os.readlink(here)
                at = [] if target.startswith("/") else at
                todo = [each for each in target.split("/") if each] + todo
            elif here.exists():
                at.append(part)
            else:
                return None
        return self.folder.joinpath(*at)

    def has_file(self, path):
        found = self.resolve(path)
        return found is not None and found.is_file()

    def has(self, path):
        """Anything at all of that name, a link too."""
        return os.path.lexists(self.folder / path.strip("/"))

    def command(self, name):
        """The path of a program by its name, or None."""
        if "/" in name:
            return name if self.has_file(name) else None
        return next((f"/{folder}/{name}" for folder in PATH if self.has_file(f"{folder}/{name}")), None)


class Unpacked(Root):
    """What an archive holds, for as long as the launcher runs."""

    def __init__(self, path):
        self.temporary = tempfile.TemporaryDirectory(prefix="hmode-root-")
        super().__init__(self.temporary.name)
        with open(path, "rb") as file:
            cpio("--extract", "--make-directories", "--no-absolute-filenames", stdin=file, cwd=self.folder)


@functools.cache
def of_archive(path):
    return Unpacked(path)


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
    content += bytes(-len(content) % 4) + over
    path = tree.BUILD / "programs" / f"{hashlib.sha256(content).hexdigest()[:32]}.cpio"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.write_bytes(content)
        new.rename(path)
    return path
