# SPDX-License-Identifier: BSD-2-Clause
"""A guest's root of Debian's packages: qemu-platform/debs.sh makes it, and this finds it in the cache."""

import functools
import hashlib
import subprocess

from hmode import root as roots, tree
from hmode.messages import Stop, say


class Told(Stop):
    """What the fetcher has said itself."""

    def __init__(self, status):
        super().__init__("what was to be fetched is not there")
        self.status = status

    def show(self):
        pass


def fetch(*words):
    with subprocess.Popen([tree.PLATFORM / "fetch", *words]) as fetcher:
        try:
            status = fetcher.wait()
        except BaseException:
            fetcher.terminate()     # it ends what it has started
            raise
    if status:
        raise Told(status)


def name(packages):
    """Of the cache's entry: the same for the same packages."""
    return f"debs-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:16]}"


def entry(packages):
    return tree.CACHE / "current" / name(packages)


@functools.cache
def root_of(packages):
    """The archive and what is in it; fetched first where the cache has it not."""
    place = entry(packages)
    if not place.is_dir():
        say("DEBS", " ".join(packages))
        fetch("debs", name(packages), *packages)
    scripts = (place / "scripts").read_text().split("\n")
    if any(scripts):
        say("NOT RUN", ", ".join(filter(None, scripts)))
    return place / "root.cpio", roots.Root(place / "root")


def root(packages):
    return root_of(tuple(packages))
