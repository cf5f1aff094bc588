# SPDX-License-Identifier: BSD-2-Clause
"""What the launcher says on standard error, and how it ends."""

import contextlib
import errno
import sys

LINE_LETTERS = 160


class Stop(Exception):
    """What ends the launcher: what is wrong, and what can be done about it."""

    status, label = 1, ""

    def __init__(self, what, remedy=None):
        super().__init__(what)
        self.remedy = remedy

    def show(self):
        print(f"hmode: {self}", file=sys.stderr)
        if self.remedy:
            print(f"       {self.label}{self.remedy}", file=sys.stderr)


class Failed(Stop):
    """Something did not work, or is not there yet."""


class Refused(Stop):
    """What the user gave is nothing there is."""

    status, label = 2, "there is: "


# What can be done about an error of the system's.
REMEDIES = {errno.ENOSPC: "make room on its disk", errno.EDQUOT: "make room within the quota of its disk",
            errno.EROFS: "its disk is read-only: work in a copy that may be written to"}


def of_system(error):
    """What the system said of a file.  Whatever writes to one names it (naming), but for what is printed."""
    other = "what is printed" if error.errno in REMEDIES else "a file"
    return Failed(f"{error.filename or other}: {error.strerror or error}", REMEDIES.get(error.errno))


@contextlib.contextmanager
def naming(path):
    """Around what writes to a file: an error of writing names none by itself."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def say(what, text):
    """A line of progress."""
    print(f"  {what:<7} {text}", file=sys.stderr, flush=True)


def warn(text):
    print(f"hmode: {text}", file=sys.stderr)


def printable(text):
    """As a terminal may have it."""
    text = "".join(each if each.isprintable() or each == "\t" else each.encode("unicode_escape").decode() for each in text)
    return text[:LINE_LETTERS] + ("..." if len(text) > LINE_LETTERS else "")
