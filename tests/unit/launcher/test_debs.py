# SPDX-License-Identifier: BSD-2-Clause
"""Roots of Debian's packages and of the user's own: how they are made, found, and what programs in them need.

No archive is asked: the packages are made here.  tests/long/test_programs_of_debian.py has real ones.
"""

import gzip
import lzma
import os
import pathlib
import re
import struct
import subprocess

import pytest

from hmode import cli, debs, guest, newc, program, root as roots, tree
from hmode.messages import Refused
from hmode.settings import Settings
import test_options
import test_program

nothing_given = test_options.nothing_given      # fixtures for all tests here as well
here, base, built = test_program.here, test_program.base, test_program.built
PLATFORM = pathlib.Path(__file__).resolve().parents[3] / "qemu-platform"


# ---- the shell's part ----

def package(folder, name, files, scripts=()):
    """An archive `name.deb`; files: path -> text, or a link's target behind ->."""
    made = folder / name
    (made / "DEBIAN").mkdir(parents=True)
    (made / "DEBIAN/control").write_text(f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\n"
                                         "Description: none\n")
    for script in scripts:
        (made / "DEBIAN" / script).write_text("#!/bin/sh\nexit 1\n")
        (made / "DEBIAN" / script).chmod(0o755)
    for path, text in files.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("->"):
            (made / path).symlink_to(text[2:])
        else:
            (made / path).write_text(text)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", made, folder / f"{name}.deb"], check=True, stdout=subprocess.DEVNULL)
    return folder / f"{name}.deb"


@pytest.fixture
def unpacked(tmp_path):
    """unpacked(archive...): what debs.sh makes of them."""
    busybox = tmp_path / "cache/current/busybox/usr/bin/busybox"
    busybox.parent.mkdir(parents=True)
    busybox.write_text("busybox")
    unpack = re.search(r"^unpack\(\)\n\{.*?^\}", (PLATFORM / "fetch").read_text(), re.M | re.S)[0]
    script = f"""here={PLATFORM}; . "$here/lib.sh"; . "$here/debs.sh"; {unpack}
        download() {{ cp "$1" "$2"; }}
        cat | unpack_debs; mv "$cache/store/tmp.$$" "$cache/made" """

    def run(*archives):
        lines = "".join(f"{each} {each.name} hash\n" for each in archives)
        done = subprocess.run(["sh", "-euc", script], input=lines, text=True, capture_output=True,
                              env=os.environ | {"HMODE_CACHE": str(tmp_path / "cache")})
        return done, tmp_path / "cache/made"

    return run


def test_packages_are_unpacked_and_not_installed(tmp_path, unpacked):
    first = package(tmp_path, "first", {"bin/tool": "old place", "usr/bin/sort": "sort", "usr/share/doc/first/copyright": "x",
                                        "usr/bin/awk": "->/etc/alternatives/awk"}, ["postinst", "prerm"])
    second = package(tmp_path, "second", {"usr/games/game": "game", "lib/x/liby.so": "y", "usr/bin/other": "->tool"}, ["preinst"])
    done, made = unpacked(first, second)
    assert done.returncode == 0, done.stderr
    root = roots.Root(made / "root")
    assert all(root.has_file(path) for path in ("bin/tool", "usr/bin/tool", "bin/other", "lib/x/liby.so", "usr/games/game"))
    assert (made / "root/usr/bin/sort").read_text() == "sort" and not root.has("usr/share/doc")
    # Busybox stands in, for a link that only an installation would have led somewhere as well.
    assert os.readlink(made / "root/usr/bin/awk") == os.readlink(made / "root/usr/bin/sh") == "busybox"
    assert (made / "scripts").read_text() == "postinst of first\npreinst of second\n"
    assert "first /bin/tool\n" in (made / "programs").read_text() and "second /usr/games/game\n" in (made / "programs").read_text()
    listed = subprocess.run(["cpio", "-it", "--quiet"], input=(made / "root.cpio").read_bytes(), capture_output=True, check=True)
    assert {b"bin", b"usr/bin/tool", b"usr/lib/x/liby.so"} <= set(listed.stdout.split())


def test_no_package_writes_out_of_the_root(tmp_path, unpacked):
    (tmp_path / "outside").mkdir()
    first = package(tmp_path, "first", {"usr/lib/x": f"->{tmp_path}/outside"})
    second = package(tmp_path, "second", {"usr/lib/x/y": "y"})
    done, _ = unpacked(first, second)
    assert done.returncode != 0 and not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize("files", [
    {"usr": "->OUTSIDE", "bin/tool": "1"}, {"usr/share": "->OUTSIDE"}, {"usr/lib": "->OUTSIDE", "lib/x": "1"},
    {"usr/bin/awk": "->OUTSIDE"}, {"usr/bin/busybox": "->OUTSIDE"}])
def test_no_link_of_a_package_leads_what_is_done_out_of_the_root(tmp_path, unpacked, files):
    """Neither what is moved, nor what is removed, nor what busybox is added for."""
    (tmp_path / "outside/doc").mkdir(parents=True)
    unpacked(package(tmp_path, "one", {path: text.replace("OUTSIDE", f"{tmp_path}/outside") for path, text in files.items()}))
    assert os.listdir(tmp_path / "outside") == ["doc"]


# ---- the launcher's part ----

@pytest.fixture
def cache(tmp_path, built, monkeypatch):
    """cache(PACKAGE...): the cache has a root of these, with a program `tool`, a library of its own, and a script."""
    monkeypatch.setattr(tree, "CACHE", tmp_path / "cache")
    debs.root_of.cache_clear()

    def make(*names):
        place = debs.entry(sorted(names))
        for folder in ("root/usr/bin", "root/usr/lib/riscv64-linux-gnu", "root/usr/games"):
            (place / folder).mkdir(parents=True)
        for name in ("bin", "lib"):
            (place / "root" / name).symlink_to(f"usr/{name}")
        (place / "root/usr/games/tool").write_bytes((built / "uses").read_bytes())
        (place / "root/usr/bin/script").write_text("#!/usr/bin/env tool\n")
        (place / "root/usr/bin/env").write_text("")
        (place / "root/usr/bin/text").write_text("text")
        for name in ("libouter.so", "libinner.so"):
            (place / "root/lib/riscv64-linux-gnu" / name).write_bytes((built / "libs" / name).read_bytes())
        (place / "root.cpio").write_bytes(subprocess.run(["cpio", "-o", "--format=newc", "--quiet"], input=b".\n", cwd=place / "root",
                                                         check=True, capture_output=True).stdout)
        (place / "scripts").write_text("postinst of tool\n")
        (place / "programs").write_text("tool /usr/games/tool\nother /usr/bin/script\nother /usr/bin/text\n")
        return place

    return make


def test_a_program_of_a_package_runs_where_it_is(here, cache, capsys):
    place = cache("tool")
    settings = Settings({"PROGRAM": "deb:tool", "ARGS": "a"})
    made = program.initrd(settings).read_bytes()
    assert made.startswith((place / "root.cpio").read_bytes()) and b"/usr/games/tool\0a\0" in made
    # Its libraries are there already; those that the package forgot come from the cross compiler.
    assert b"hmode/lib/libc.so.6\0" in made and b"hmode/lib/libouter.so\0" not in made
    assert "NOT RUN postinst of tool" in capsys.readouterr().err
    assert settings.measured == ["tool"]


def test_a_program_here_finds_what_the_packages_have(cache, built):
    cache("jq", "tool")
    settings = Settings({"PROGRAM": str(built / "uses"), "DEBS": "tool,jq tool"})
    assert not any("outer" in path for path in program.all_files(settings, program.base_of(settings)[1]))
    script = Settings({"PROGRAM": "root:script", "DEBS": "jq tool"})
    assert program.all_files(script, program.base_of(script)[1]) == {}


@pytest.mark.parametrize("name, text", [
    ("deb:other", "PROGRAM=deb:other is not in the guest's root | DEBS=other PROGRAM=root:script, DEBS=other PROGRAM=root:text"),
    ("root:none", "PROGRAM=root:none is not in the guest's root | a file that may be executed"),
    ("root:/usr/bin/none", "is not in the guest's root"), ("root:", "is not in the guest's root"), ("root:/usr", "is not in"),
    ("root:text", "is neither an ELF program nor a script: /usr/bin/text"),
])
def test_what_the_root_has_not(cache, name, text):
    cache("other", *([] if name.startswith("deb:") else ["jq"]))
    settings = Settings({"PROGRAM": name, "DEBS": "other" if name.startswith("deb:") else "jq other"})
    with pytest.raises(Refused) as caught:
        program.all_files(settings, program.base_of(settings)[1])
    assert text in f"{caught.value} | {caught.value.remedy}"


def test_what_the_fetcher_says_is_said_once(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(tree, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(tree, "PLATFORM", tmp_path)
    (tmp_path / "fetch").write_text("#!/bin/sh\necho \"hmode: no $1 $3 $4\" >&2\nexit 2\n")
    (tmp_path / "fetch").chmod(0o755)
    monkeypatch.setitem(cli.COMMANDS, "run", lambda given: program.base_of(Settings(given)))
    assert cli.main(["run", "PROGRAM=x", "DEBS=bb aa"]) == 2
    assert capfd.readouterr().err == "  DEBS    aa bb\nhmode: no debs aa bb\n"


# ---- a root of the user's own ----

@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "own"
    (made / "usr/bin").mkdir(parents=True)
    (made / "bin").symlink_to("usr/bin")
    (made / "usr/bin/mine").write_text("#!/bin/mine\n")
    return made


def test_a_folder_is_a_root(here, folder):
    made = program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(folder)})).read_bytes()
    assert b"usr/bin/mine\0" in made and b"/usr/bin/mine\0" in made and b"busybox" not in made


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_an_archive_is_a_root(here, folder, pack):
    archive = here / "root.cpio"
    archive.write_bytes(pack(roots.of_folder(folder)[0].read_bytes()))
    made = program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(archive)})).read_bytes()
    assert made.startswith(archive.read_bytes()) and made.index(b"070701", archive.stat().st_size) % 4 == 0


def packed(folder, name):
    return subprocess.run(["cpio", "-o", "--format=newc", "--quiet"], input=name, cwd=folder, capture_output=True,
                          check=True).stdout


@pytest.mark.parametrize("name", [b"a/file", b"./a//file"])
def test_an_archive_writes_nothing_outside(here, folder, tmp_path, name):
    """test_newc.py has more that tries to."""
    outside, links, files = (tmp_path / each for each in ("outside", "links", "files"))
    for each in (outside, links, files / "a"):
        each.mkdir(parents=True)
    (links / "a").symlink_to(outside)
    (files / "a/file").write_text("mine")
    link = packed(links, b"a\n")
    archive = here / "root.cpio"
    archive.write_bytes(link[:link.rindex(b"070701")] + packed(files, name + b"\n"))
    with pytest.raises(Refused, match="has a/file behind a link of its own"):
        program.initrd(Settings({"PROGRAM": "root:a", "ROOT": str(archive)}))
    assert not list(outside.iterdir())


def other(tmp_path):
    """An archive of one more file."""
    more = tmp_path / "more"
    (more / "usr/bin").mkdir(parents=True)
    (more / "usr/bin/more").write_text("#!/bin/mine\n")
    return packed(more, b"usr/bin/more\n")


@pytest.mark.parametrize("zeros", [0, 4, 512, 3 << 20])
def test_archives_stand_one_behind_the_other(here, folder, tmp_path, zeros):
    """With zeros between them and behind the last, more than a pipe holds: as the kernel takes them."""
    first, archive = roots.of_folder(folder)[0].read_bytes(), here / "root.cpio"
    archive.write_bytes(first + bytes(zeros) + other(tmp_path) + bytes(zeros))
    made = program.initrd(Settings({"PROGRAM": "root:more", "ROOT": str(archive)})).read_bytes()
    assert made.startswith(archive.read_bytes())
    assert program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(archive)})).exists()


@pytest.mark.parametrize("behind", [b"x", bytes(512) + b"compressed", gzip.compress(b"070701", mtime=0)])
def test_an_archive_with_something_else_behind_it_is_refused(here, folder, behind):
    archive = here / "root.cpio"
    archive.write_bytes(roots.of_folder(folder)[0].read_bytes() + behind)
    with pytest.raises(Refused, match="has something behind its archive, at byte"):
        program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(archive)}))


def test_an_archive_cut_anywhere_is_refused(here, folder):
    whole, archive = packed(folder, b"usr/bin/mine\n"), here / "root.cpio"
    end = whole.index(b"TRAILER!!!")
    for length in range(6, end, 3):
        archive.write_bytes(whole[:length])
        with pytest.raises(Refused, match="is truncated: a cpio archive without its end"):
            newc.Contents(roots.plain(archive))


def test_the_archive_of_a_folder_stays_while_it_is_used(here, folder):
    base = roots.of_folder(folder)[0]
    for warm in ("3", "4"):
        os.utime(base, (1, 1))
        assert program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(folder), "WARM": warm})).exists()
    assert base.exists()


def test_what_runs_left_an_hour_ago_is_removed(here, folder):
    settings = Settings({"PROGRAM": "root:mine", "ROOT": str(folder)})
    old, again = tree.BUILD / "programs/old.cpio", program.initrd(settings)
    old.write_bytes(b"")
    for path in (old, again):
        os.utime(path, (1, 1))
    young = program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(folder), "WARM": "7"}))
    assert not old.exists() and not again.exists() and young.exists()
    os.utime(young, (1, 1))
    assert program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(folder), "WARM": "7"})).exists()


def test_a_root_must_fit_twice(here, folder):
    """While the kernel unpacks it."""
    with (folder / "large").open("wb") as file:
        file.truncate(30 << 20)
    kernel = here / "Image"
    kernel.write_bytes(struct.pack("<16xQ32xI4x", 64, 0x05435352))
    given = {"PROGRAM": "root:mine", "ROOT": str(folder), "KERNEL": str(kernel)}
    with pytest.raises(Refused, match="need 7[67]M, the guest's memory is 64M") as caught:
        guest.look(Settings(given | {"MEM": "64M"}), here / "kernels")
    assert caught.value.remedy == "a larger MEM, or a smaller ROOT, or fewer DEBS"
    assert guest.look(Settings(given | {"MEM": "128M"}), here / "kernels").initrd.is_file()


@pytest.mark.parametrize("content, text", [
    (b"text", "is no cpio archive of the form that kernels take"), (b"070701", "is truncated"),
    (gzip.compress(b"text", mtime=0), "is no cpio archive"), (gzip.compress(b"text", mtime=0)[:-9], "is truncated"),
    (b"\xfd7zXZ\0broken", "is a broken xz file"), (b"070707TRAILER!!!", "is no cpio archive")])
def test_what_is_no_archive(here, content, text):
    (here / "root").write_bytes(content)
    with pytest.raises(Refused, match=f"ROOT={here}/root {text}"):
        program.initrd(Settings({"PROGRAM": "root:mine", "ROOT": str(here / "root")}))


def test_what_is_no_root_is_refused_before_anything_is_built(tmp_path, capsys):
    assert cli.main(["options", "tour", "PROGRAM=root:x", "ROOT=/nowhere"]) == 2
    assert "ROOT=/nowhere is not there" in capsys.readouterr().err
    with pytest.raises(Refused, match="is an empty folder"):
        program.base_of(Settings({"PROGRAM": "x", "ROOT": str(tmp_path)}))
