# SPDX-License-Identifier: BSD-2-Clause
"""What a run writes: LOG as it comes, RESULT at its end.  Both are opened before the run, which may be long, and no other
run writes to them meanwhile."""

import contextlib
import fcntl
import os
import pathlib
import stat

from hmode import tree
from hmode.messages import REMEDIES, Failed, naming


def cannot_write(name, path, why):
    """why: a text, or an error of the system's."""
    remedy = REMEDIES.get(why.errno) if isinstance(why, OSError) else None
    return Failed(f"{name}={path} cannot be written: {(why.strerror or why) if isinstance(why, OSError) else why}", remedy)


def open_locked(name, path, place):
    """A descriptor of `place`, which stands for the file that the user knows by this name and path."""
    if not pathlib.Path(place).parent.is_dir():
        raise cannot_write(name, path, "its folder is not there")
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | (0 if place == path else os.O_NOFOLLOW), 0o666)
    except OSError as error:
        raise cannot_write(name, path, error) from error
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):      # /dev/null is everybody's
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Failed(f"another run writes {path}",
                     f"wait until that one ends, or let {name}= name another file") from None
    except OSError:         # a file system without locks
        pass
    return descriptor


def open_latest(name, path, place):
    """The same for a file that another run may just have renamed: then it is no longer at its place."""
    while True:
        descriptor = open_locked(name, path, place)
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), os.stat(place)):
                return descriptor
        os.close(descriptor)


def write_whole(new, path, content):
    """By another name first: under its own a file is whole, or as it was before."""
    try:
        with naming(path):
            new.write_bytes(content)
            new.rename(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def log(path):
    """Around a run: it alone writes there.  The name is a default where the user gave none."""
    (tree.BUILD / "log").mkdir(parents=True, exist_ok=True)
    descriptor = open_locked("LOG", path, path)
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def result(path):
    """Around a run: what is called with the text of RESULT.  The file is whole, or as it was before."""
    if not path:
        yield lambda text: None
        return
    path = pathlib.Path(path)
    if path.exists() and not path.is_file():
        raise cannot_write("RESULT", path, "it is no file")
    new = path.with_name(f".{path.name}.hmode")     # a name that no user's file has
    descriptor = open_latest("RESULT", path, new)

    def write(text):
        try:
            os.ftruncate(descriptor, 0)
            with open(descriptor, "w", closefd=False, encoding="utf-8") as file:
                file.write(text)
            new.rename(path)
        except OSError as error:
            raise cannot_write("RESULT", path, error) from error

    try:
        yield write
    finally:
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), os.stat(new)):    # it was not renamed
                new.unlink()
        os.close(descriptor)
