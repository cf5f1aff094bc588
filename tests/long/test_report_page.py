# SPDX-License-Identifier: BSD-2-Clause
"""The page of `make report` in a browser: on a phone and wide, in light and dark, on paper, with its script and without.

The screenshots are in build/report/screenshots, to be looked at.
"""

import html
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from launcher import BUILD, ROOT
from report import document, page

sys.path.insert(0, str(ROOT / "tests/unit/report"))
from made import three_rows     # noqa: E402

pytestmark = pytest.mark.long("report")

BROWSER = "/usr/bin/chromium"
SIZES = {"phone": (400, 900), "wide": (1280, 1600)}
DARK = "--blink-settings=preferredColorScheme=0"
# Says in the page itself what a test wants to know, which --dump-dom prints.
PROBE = """<script>document.body.dataset.probe = JSON.stringify({
	paper: getComputedStyle(document.body).backgroundColor, ink: getComputedStyle(document.body).color,
	lists: document.querySelectorAll("select").length,
	open: document.querySelectorAll("[data-choice] > details[open]").length,
	shown: [...document.querySelectorAll("[data-choice] > details")].filter(each => each.getBoundingClientRect().height > 0).length,
});</script>"""


def browse(folder, text, *words):
    file = folder / "page.html"
    file.write_text(text)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    done = subprocess.run([BROWSER, "--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}", *root, *words,
                           file.as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(name="text", scope="module")
def fixture_text():
    return page.made(document.page(three_rows()))


def told(folder, text, *words):
    seen = browse(folder, text if "dataset.probe" in text else text.replace("</body>", PROBE + "</body>"), "--dump-dom", *words)
    return json.loads(html.unescape(re.search(r'data-probe="([^"]*)"', seen)[1]))


FRAME = """<!DOCTYPE html><body><iframe id="frame" style="border: 0" width="{width}" height="900" srcdoc="{page}"></iframe><script>
onload = () => {{
	const inner = document.getElementById("frame").contentDocument;
	document.body.dataset.probe = JSON.stringify({{ wide: inner.documentElement.scrollWidth,
		small: [...inner.querySelectorAll("svg[role=img]")].filter(each => each.getBoundingClientRect().height < 60).length }});
}};
</script></body>"""


@pytest.mark.parametrize("width", [320, 400, 800, 1280])
def test_the_page_itself_never_scrolls_sideways(tmp_path, text, width):
    """In a frame, since a window is no narrower than 500."""
    seen = told(tmp_path, FRAME.format(width=width, page=html.escape(text, quote=True)), "--window-size=1400,1000")
    assert seen == {"wide": width, "small": 0}


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def test_light_and_dark(tmp_path, text):
    light, dark = told(tmp_path, text), told(tmp_path, text, DARK)
    assert brightness(light["paper"]) > 230 and brightness(light["ink"]) < 60
    assert brightness(dark["paper"]) < 40 and brightness(dark["ink"]) > 200


def test_one_of_several_is_chosen_from_a_list(tmp_path, text):
    seen = told(tmp_path, text)
    assert seen["lists"] == seen["open"] == seen["shown"] == 1


def test_without_the_script_each_opens_by_itself(tmp_path, text):
    seen = told(tmp_path, re.sub(r"<script>(?!document.body).*?</script>", "", text, count=1, flags=re.S))
    assert seen["lists"] == 0 and seen["open"] == 1


def test_it_is_printed(tmp_path, text):
    browse(tmp_path, text, f"--print-to-pdf={tmp_path / 'page.pdf'}")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF") and (tmp_path / "page.pdf").stat().st_size > 20_000


@pytest.mark.parametrize("colours", [[], [DARK]], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_screenshots(tmp_path, text, size, colours):
    shots = pathlib.Path(BUILD / "report/screenshots")
    shots.mkdir(parents=True, exist_ok=True)
    shot = shots / f"{size}-{'dark' if colours else 'light'}.png"
    shot.unlink(missing_ok=True)
    browse(tmp_path, text, "--window-size={},{}".format(*SIZES[size]), f"--screenshot={shot}", *colours)
    assert shot.read_bytes().startswith(b"\x89PNG") and shot.stat().st_size > 10_000
