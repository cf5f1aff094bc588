# SPDX-License-Identifier: BSD-2-Clause
"""A guest's disk, of which its name says what it is, as the guest writes what is in it; and its shared folder."""

import errno
import os

import pytest

from hmode import devices
from hmode.messages import Refused
from hmode.settings import Settings


@pytest.fixture
def disk(tmp_path):
    def made(name, content):
        path = tmp_path / name
        path.write_bytes(content + bytes(512))
        return Settings({"MODE": "ssp-hm", "DISK": str(path)})

    return made


@pytest.mark.parametrize("name, content, form", [("disk.img", b"", "raw"), ("disk.qcow2", devices.QCOW2, "qcow2"), ("a:b,c", b"", "raw")])
def test_a_disk_is_what_its_name_says(disk, name, content, form):
    settings = disk(name, content)
    devices.look(settings)
    told = devices.disk(settings)[1]
    assert f"format={form}," in told and told.endswith(name.replace(",", ",,"))


@pytest.mark.parametrize("name, content", [("disk.img", devices.QCOW2), ("disk.qcow2", b"")])
def test_a_disk_that_became_something_else_is_refused(disk, name, content):
    """A guest that writes a qcow2's header to its raw disk would have QEMU open the files that it names."""
    with pytest.raises(Refused, match="its name says otherwise"):
        devices.look(disk(name, content))


def test_a_name_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbd:x").write_bytes(bytes(512))
    assert devices.disk(Settings({"DISK": "nbd:x"}))[1].endswith("file=./nbd:x")


@pytest.mark.parametrize("user, model", [(0, "mapped-xattr"), (1000, "none")])
def test_a_guest_makes_no_program_of_roots(tmp_path, monkeypatch, user, model):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    settings = Settings({"MODE": "ssp", "SHARE": str(tmp_path)})
    devices.look(settings)
    assert f"security_model={model}," in devices.share(settings)[1]


def test_a_folder_without_attributes_is_refused_to_root(tmp_path, monkeypatch):
    def without(*_):
        raise OSError(errno.EOPNOTSUPP, "")

    monkeypatch.setattr(os, "getxattr", without)
    settings = Settings({"MODE": "ssp", "SHARE": str(tmp_path)})
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(Refused, match="keeps no extended attributes"):
        devices.look(settings)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    devices.look(settings)
