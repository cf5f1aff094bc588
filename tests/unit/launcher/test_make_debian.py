# SPDX-License-Identifier: BSD-2-Clause
"""make debian: what it refuses, what it keeps, and what is made again.  A file stands for the disk, and nobody configures it;
tests/long/test_debian.py has the real one."""

import os
import pathlib
import subprocess

import pytest

from hmode import cli, debian, tree
from hmode.messages import Failed, Refused
from hmode.settings import must_go_with


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Where unpacked() and configure() are counted instead of done."""
    monkeypatch.setattr(tree, "CACHE", tmp_path / "cache")
    kernel = tree.CACHE / "current/kernel"
    kernel.mkdir(parents=True)
    (kernel / "release").write_text("6.12-test\n")
    cache = type("Cache", (), {"unpacked": 0, "configured": 0, "works": True})

    def unpacked():
        cache.unpacked += 1
        entry, link = tree.CACHE / "store/debian", tree.CACHE / "current/debian-unpacked"
        entry.mkdir(parents=True, exist_ok=True)
        (entry / "packages").write_text("systemd_1\n")
        (entry / "made-of").write_text(debian.made_of())
        with (entry / "image").open("wb") as image:
            image.truncate(8 << 20)
        debian.execute("/usr/sbin/mke2fs", "-q", "-t", "ext4", entry / "image")
        if not link.is_symlink():
            link.symlink_to(entry)
        return link

    def configure(image, settings):
        cache.configured += 1
        if not cache.works:
            raise Failed("the guest did not configure all packages")
        debian.execute("/usr/sbin/e2fsck", "-f", "-p", image, most=1)

    monkeypatch.setattr(debian, "unpacked", unpacked)
    monkeypatch.setattr(debian, "configure", configure)
    return cache


def make(path, size="2G"):
    debian.make({"DISK": str(path), "SIZE": size})
    return path


def test_the_first_disk_is_made_and_the_next_is_a_copy(cache, tmp_path):
    first, second = make(tmp_path / "first.img"), make(tmp_path / "second.img", "4G")
    assert (first.stat().st_size, second.stat().st_size) == (2 << 30, 4 << 30)
    assert (cache.unpacked, cache.configured) == (1, 1)
    for disk in (first, second):
        debian.execute("/usr/sbin/e2fsck", "-f", "-n", disk)
        assert disk.stat().st_blocks * 512 < 64 << 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "first.img", "second.img"]
    assert not (tree.CACHE / "current/debian-unpacked").exists()


@pytest.mark.parametrize("changed", ["release", "source"])
def test_it_is_made_again_where_something_changed(cache, tmp_path, monkeypatch, changed):
    make(tmp_path / "first.img")
    if changed == "release":
        (tree.CACHE / "current/kernel/release").write_text("6.12-newer\n")
    else:
        (tmp_path / "platform").mkdir()
        for name in debian.SOURCES:
            (tmp_path / "platform" / name).write_text("another")
        monkeypatch.setattr(tree, "PLATFORM", tmp_path / "platform")
    make(tmp_path / "second.img")
    assert (cache.unpacked, cache.configured) == (2, 2)


def test_what_was_not_configured_is_not_kept(cache, tmp_path):
    cache.works = False
    with pytest.raises(Failed):
        make(tmp_path / "disk.img")
    assert not (tmp_path / "disk.img").exists()
    cache.works = True
    make(tmp_path / "disk.img")
    assert cache.configured == 2


@pytest.mark.parametrize("name, why", [("there.img", "is there already.*"), ("folder", "is a folder"), ("folder/", "is a folder"),
                                       ("none/", "is a folder"), ("link.img", "is there already"), ("disk.qcow2", "qcow2"),
                                       ("nowhere/disk.img", "its folder is not there")])
def test_a_place_that_will_not_do_is_refused_first(cache, tmp_path, name, why):
    (tmp_path / "there.img").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.img").symlink_to("nowhere")
    with pytest.raises(Refused, match=why):
        cli.PLANS["debian"]({"DISK": f"{tmp_path}/{name}"})
    with pytest.raises(Refused, match=why):
        debian.make({"DISK": f"{tmp_path}/{name}"})
    assert (tmp_path / "there.img").read_text() == "mine" and not cache.unpacked


def test_a_file_that_comes_meanwhile_stays(cache, tmp_path, monkeypatch):
    disk, copy = tmp_path / "disk.img", debian.copy

    def slow(source, target):
        copy(source, target)
        if pathlib.Path(target).parent == tmp_path:
            disk.write_text("mine")

    monkeypatch.setattr(debian, "copy", slow)
    with pytest.raises(FileExistsError):
        make(disk)
    assert disk.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "disk.img"]


@pytest.mark.parametrize("name", ["-x.img", "my disk,.img", "~x.img"])
def test_any_name_will_do(cache, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{name}.new").write_text("mine")
    debian.make({"DISK": name if name[0] != "~" else f"./{name}"})
    assert (tmp_path / name).stat().st_size == 2 << 30 and (tmp_path / f"{name}.new").read_text() == "mine"
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o666 & ~debian.umask()


def test_without_a_name_it_has_the_usual_one(cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    debian.make({"DISK": ""})
    assert (tmp_path / debian.DISK).stat().st_size == 2 << 30


def test_a_cache_that_lost_its_image_is_made_again(cache, tmp_path):
    make(tmp_path / "first.img")
    (tree.CACHE / "debian/image").unlink()
    make(tmp_path / "second.img")
    assert cache.configured == 2


def test_the_shell_says_the_same_of_what_it_is_made_of():
    """debian_made_of() of debian.sh, and made_of() here."""
    words = '. "$here/debian.sh"; debian_made_of'
    done = subprocess.run(["sh", "-c", words], env=os.environ | {"here": str(tree.PLATFORM), "cache": str(tree.CACHE)},
                          capture_output=True, text=True, check=True)
    assert done.stdout == debian.made_of()


@pytest.mark.parametrize("given", [{"MODE": "ssp"}, {"MEM": "1G"}, {"NET": "user"}])
def test_other_options_are_refused(given):
    with pytest.raises(Refused, match="not with make debian"):
        must_go_with("debian", given)


def test_its_size_is_no_option_of_a_run():
    with pytest.raises(Refused, match="goes with make debian"):
        must_go_with("shell", {"SIZE": "4G"})
    with pytest.raises(Refused, match="out of range"):
        debian.settings_of({"SIZE": "1G"})
