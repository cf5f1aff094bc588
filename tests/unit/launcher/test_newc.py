# SPDX-License-Identifier: BSD-2-Clause
"""Archives of the kernel's form, hostile ones as well: what they hold, and that nothing is written outside of the folder."""

import itertools
import os
import stat
import subprocess
import time

import pytest

from hmode import newc, root as roots
from hmode.messages import Refused

LINK, FILE, FOLDER, DEVICE, PIPE = 0o120777, 0o100644, 0o40755, 0o20666, 0o10644


def aligned(data):
    return data + bytes(-len(data) % 4)


def member(name, mode, data=b"", links=1, inode=1, size=None, name_size=None):
    """size, name_size: the bytes of these fields, where they are not what they should be."""
    fields = [b"%08X" % each for each in (inode, mode, 0, 0, links, 0, len(data), 0, 0, 1, 3, len(name) + 1, 0)]
    fields[6], fields[11] = size or fields[6], name_size or fields[11]
    return aligned(aligned(b"070701" + b"".join(fields) + name + b"\0") + data)


END = member(b"TRAILER!!!", 0)


def archive(*members):
    return b"".join(members) + END


@pytest.fixture
def unpacked(tmp_path):
    """unpacked(bytes): the root; nothing was written beside it, and no tool is needed."""
    (tmp_path / "outside").mkdir()

    def unpack(data):
        (tmp_path / "root.cpio").write_bytes(data)
        return roots.Unpacked(tmp_path / "root.cpio")

    yield unpack
    assert os.listdir(tmp_path / "outside") == []


def held(root):
    """Path -> content, or a link's target behind ->, or None of a folder."""
    found = {}
    for path in root.folder.rglob("*"):
        content = f"->{os.readlink(path)}" if path.is_symlink() else None if path.is_dir() else path.read_text()
        found[str(path.relative_to(root.folder))] = content
    assert found.pop("dev") is found.pop("root") is None        # the kernel's own
    return found


def test_what_an_archive_holds(unpacked, monkeypatch):
    monkeypatch.setenv("PATH", "")
    root = unpacked(archive(member(b".", FOLDER), member(b"a", FOLDER), member(b"./a//b", FILE, b"text"), member(b"/a/c/", FOLDER),
                            member(b"a/c/l", LINK, b"/a/b"), member(b"a/z", LINK, b"b\0"), member(b"padded\0\0\0", FILE, b"1")))
    assert held(root) == {"a": None, "a/b": "text", "a/c": None, "a/c/l": "->/a/b", "a/z": "->b", "padded": "1"}
    assert root.resolve("a/c/l").read_text() == "text"


def test_it_is_what_cpio_packed(unpacked, tmp_path):
    folder = tmp_path / "own"
    (folder / "x/y").mkdir(parents=True)
    (folder / "x/y/one").write_text("content of all three")
    (folder / "x/two").hardlink_to(folder / "x/y/one")
    (folder / "three").hardlink_to(folder / "x/y/one")
    (folder / "empty").write_text("")
    (folder / "x/link").symlink_to("../three")
    (folder / "x/none").symlink_to("/nowhere")
    root = unpacked(roots.cpio("--create", "--format=newc", cwd=folder, input=subprocess.check_output(["find", "."], cwd=folder)))
    one = "content of all three"
    assert held(root) == {"x": None, "x/y": None, "x/y/one": one, "x/two": one, "three": one, "empty": "", "x/link": "->../three",
                          "x/none": "->/nowhere"}
    assert (root.folder / "three").stat().st_nlink == 3


def test_later_members_replace_earlier_ones(unpacked):
    root = unpacked(archive(member(b"a", FILE, b"1"), member(b"b", FOLDER), member(b"l", LINK, b"a"), member(b"d", FILE, b"1")) +
                    archive(member(b"a", FILE, b"2"), member(b"b", FILE, b"2"), member(b"l", FOLDER), member(b"l/x", FILE, b"2"),
                            member(b"d", DEVICE)))
    assert held(root) == {"a": "2", "b": "2", "l": None, "l/x": "2"}


def test_a_folder_with_files_stays(unpacked):
    """As the kernel leaves it."""
    assert held(unpacked(archive(member(b"a", FOLDER), member(b"a/x", FILE, b"1"), member(b"a", LINK, b"/"), member(b"a", FILE, b"2")))) == {
        "a": None, "a/x": "1"}


def test_what_lies_in_no_folder_is_left_out(unpacked):
    """The kernel makes none by itself."""
    assert held(unpacked(archive(member(b"a/x", FILE, b"1"), member(b"b", FILE, b"1"), member(b"b/x", FILE), member(b"a", FOLDER)))) == {
        "a": None, "b": "1"}


@pytest.mark.parametrize("data", [(b"", b"", b"text"), (b"text", b"", b""), (b"text", b"text", b"text")])
def test_a_file_has_the_same_content_by_all_its_names(unpacked, data):
    names = [member(name, FILE, each, links=3, inode=7) for name, each in zip((b"a", b"b", b"c"), data)]
    assert held(unpacked(archive(*names, member(b"other", FILE, b"1", inode=7)))) == {
        "a": "text", "b": "text", "c": "text", "other": "1"}
    # An archive behind it has inodes of its own.
    assert held(unpacked(archive(*names) + archive(member(b"d", FILE, b"2", links=2, inode=7))))["a"] == "text"


def test_devices_and_rights_are_left_out(unpacked):
    root = unpacked(archive(member(b".", 0o40777), member(b"null", DEVICE), member(b"pipe", PIPE), member(b"shut", 0o40000),
                            member(b"shut/root", 0o104755, b"x"), member(b"sock", 0o140777), member(b"disk", 0o60666)))
    assert held(root) == {"shut": None, "shut/root": "x"}
    assert stat.S_IMODE((root.folder / "shut/root").stat().st_mode) & 0o7111 == 0
    assert stat.S_IMODE(root.folder.stat().st_mode) == 0o700


def hidden(out, size):
    """A link that a reader sees who takes that size for 0, behind a header of which another takes it for the link's."""
    link = member(b"a", LINK, out)
    return [member(b"f", FILE, link, size=size % len(link)), member(b"a/x", FILE, b"hi")]


@pytest.mark.parametrize("members, why", [
    (lambda out: [member(b"a", LINK, out), member(b"a/x", FILE)], "has a/x behind a link of its own"),
    (lambda out: [member(b"a/", LINK, out), member(b"a/b/c/x", FILE)], "has a/b/c/x behind a link of its own"),
    (lambda out: [member(b"p/q/../z", LINK, out), member(b"z/x", FILE)], r"the name p/q/\.\./z has \.\. in it"),
    (lambda out: [member(b"../outside/x", FILE)], r"the name \.\./outside/x has \.\. in it"),
    (lambda out: [member(b"a\0zz", LINK, out), member(b"a/x", FILE)], r"the name a\\x00zz\\x00 does not end at a zero alone"),
    (lambda out: hidden(out, b"0_%06X"), "the header at byte 0 has no numbers where they belong"),
    (lambda out: hidden(out, b"0x%06X"), "the header at byte 0 has no numbers where they belong"),
    (lambda out: [member(b"h", FILE, b"zz", links=2), member(b"h", LINK, out), member(b"l", FILE, b"zz", links=2), member(b"l/x", FILE)],
     "l is another name of h, which is no file any more"),
    (lambda out: [member(b"d", DEVICE, links=2), member(b"d", LINK, out), member(b"l", DEVICE, links=2), member(b"d/x", FILE)],
     "has d/x behind a link of its own"),
], ids=itertools.count())
def test_nothing_is_written_outside(unpacked, tmp_path, members, why):
    with pytest.raises(Refused, match=why):
        unpacked(archive(*members(os.fsencode(tmp_path / "outside"))))


def test_a_file_in_place_of_a_link_is_a_file(unpacked, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    assert held(unpacked(archive(member(b"a", LINK, os.fsencode(victim)), member(b"a", FILE, b"2")))) == {"a": "2"}
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("data, why", [
    (member(b"x", FILE, name_size=b"FFFFFFFF"), "the name x has 4294967295 bytes, of at most 4096"),
    (member(b"x", FILE, name_size=b"00000000"), "the name  has 0 bytes"),
    (member(b"ab", FILE, name_size=b"00000002"), "the name ab does not end at a zero alone"),
    (member(b"a/" * 2048, FILE), "has 4097 bytes, of at most 4096"), (member(b"a/" * 129, FOLDER), "or more than 128 parts"),
    (member(b"a" * 256, FILE), "has a part of more than 255 bytes"), (member(b"x", FILE, size=b"FFFFFFFF"), "is truncated"),
    (member(b"x", 0), "x is of no kind that there is"), (member(b"x", FOLDER, b"1"), "x has content and is no file"),
    (member(b"l", LINK), "the link l leads to no path"), (member(b"l", LINK, b"a\0b"), "the link l leads to no path"),
    (member(b"l", LINK, b"a" * 4096), "the link l leads to no path"), (member(b"x", FILE, size=b"+0000001"), "has no numbers"),
    (member(b"x", FILE, size=b" 0000000"), "has no numbers"), (member(b"x\x1b[2J/..", FILE), r"the name x\\x1b\[2J/\.\. has"),
    (member(b"x", FILE) + END + bytes(3), "has something behind its archive, at byte 239, that is no cpio archive at a multiple of 4"),
], ids=itertools.count())
def test_what_is_unsound_is_refused(unpacked, data, why):
    with pytest.raises(Refused, match=why):
        unpacked(data + END)


@pytest.mark.parametrize("data", [
    b"".join(member(b"f" * 60 + b"%d" % number, FOLDER) for number in range(20_000)) + END, END * 40_000,
    (END + bytes(4096)) * 4000, archive(member(b"a" * 4000, FILE, name_size=b"00100000"), bytes(1 << 20)),
    archive(*(member(b"a/" * 127 + b"%d" % number, FILE) for number in range(20_000)))],
    ids=["members", "archives", "zeros", "a name", "ways"])
def test_the_time_is_proportional_to_the_bytes(data):
    begin = time.process_time()
    try:
        newc.Contents(data)
    except Refused:
        pass
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 4000 + "b", "a\0b"])
def test_a_name_that_no_file_has_is_in_no_root(unpacked, name):
    root = unpacked(archive(member(b"a", FOLDER), member(b"l", LINK, b"x" * 300)))
    assert not root.has_file(name) and not root.has_file("l") and not root.has(name)
