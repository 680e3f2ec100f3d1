"""The built site loads nothing from other hosts, and the targets of its internal links exist."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = os.environ.get("BUILT_SITE")
pytestmark = [
    pytest.mark.docs,
    pytest.mark.skipif(SITE is None, reason="BUILT_SITE does not name a built site; nox -s docs builds one"),
]


class Page(HTMLParser):
    """The addresses that a page loads, its links and its anchors."""

    def __init__(self, path):
        super().__init__()
        self.loaded, self.links, self.anchors = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors.add(given.get("id"))
        if tag == "a":
            self.links.append(given.get("href", ""))
        else:
            self.loaded += [given[name] for name in ("src", "href", "srcset", "data") if given.get(name)]


@pytest.fixture(scope="module")
def pages():
    found = {path.resolve(): Page(path) for path in Path(SITE).rglob("*.html")}
    assert len(found) > 100
    return found


def test_pages_load_nothing_from_elsewhere(pages):
    outside = {
        (path.name, url) for path, page in pages.items() for url in page.loaded if urlsplit(url).netloc
    }
    assert outside == set()


def test_styles_load_nothing_from_elsewhere():
    styles = list(Path(SITE).rglob("*.css"))
    assert styles
    for path in styles:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        loaded = re.findall(r"url\(\s*[\"']?([^\"')]*)|@import\s+[\"']([^\"']*)", text)
        assert [url for pair in loaded for url in pair if urlsplit(url).netloc] == [], path.name


def test_links_within_the_site_lead_somewhere(pages):
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), (path.name, link)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, (path.name, link)
