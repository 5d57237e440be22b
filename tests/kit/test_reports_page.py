"""The page of a report in a real browser: it shows what was found, loads nothing, and nothing in it does anything."""

import json
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from contracts.checks import CHECKS
from contracts.recording import Outcome
from contracts.reports import FORMATS
from tests.kit.forms import HOSTILE, KEY, OTHER_KEY, SUBJECT, UUID, exchange, hostile, report_on
from tests.support.browser import Page, browsing, page_at


class Elements(HTMLParser):
    """Gathers the elements of a page and the addresses in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        self.names.add(tag)
        self.addresses |= {str(value) for name, value in attrs if name in ("href", "src", "action", "data", "srcset")}


@pytest.fixture(scope="module")
def page() -> str:
    """A page with a finding that holds what would do harm."""
    return FORMATS["html"](hostile(known={"backs-off": "later"}), SUBJECT)


def test_the_page_needs_nothing_else(page: str) -> None:
    """No script, no image, no frame, and no address but of its own parts."""
    elements = Elements(page)
    assert elements.names.isdisjoint({"script", "img", "iframe", "object", "embed", "form", "base"})
    assert elements.addresses == {"data:,", "#sends-values-untouched"}
    assert "url(" not in page
    assert "@import" not in page


@pytest.fixture(scope="module")
def opened(page: str) -> Iterator[Page]:
    """The page as a phone shows it."""
    with page_at(page) as address, browsing(390, 844) as browser:
        browser.call("Log.enable")
        browser.open(address)
        yield browser


def test_a_browser_shows_it_and_nothing_happens(opened: Page) -> None:
    """What a client said is text; nothing is asked of others, nothing is complained of, and no key can be read."""
    assert opened.run("document.title").startswith("1 broken duty: ")
    assert [answer["url"].count("/", 8) for answer in opened.responses if not answer["url"].startswith("data:")] == [1]
    assert opened.run("document.querySelectorAll('script, img').length") == 0
    text = opened.run("document.documentElement.outerHTML")
    assert KEY not in text
    assert OTHER_KEY not in text
    assert HOSTILE.partition("\x1b")[0] in opened.run("document.body.textContent")
    assert opened.complaints == []


def test_the_page_has_all_that_is_known_of_a_finding(opened: Page) -> None:
    """The duties with their state, the diagram with its place, both sides, source, mend and the command."""
    assert opened.run("document.querySelectorAll('tbody tr').length") == len(CHECKS)
    states = opened.run("[...document.querySelectorAll('tbody .badge')].map(each => each.textContent)")
    assert sorted(set(states)) == ["broken", "passed"]
    assert opened.run("document.querySelector('header').textContent").count("backs-off is not broken any more") == 1
    ways = opened.run("[...document.querySelectorAll('.talk li')].map(each => each.className)")
    assert ways == ["request here", "answer", "end"]
    assert opened.run("document.querySelector('.here mark').textContent").startswith('"positivePrompt": "')
    check = CHECKS["sends-values-untouched"]
    told = opened.run("document.querySelector('#sends-values-untouched').textContent")
    for part in (check.about, check.source, check.hint, "sent", "required", f"runware-mock check client {SUBJECT}"):
        assert part in told


def test_the_page_fits_a_phone_and_is_dark_where_that_is_wanted(opened: Page) -> None:
    """Nothing sticks out to the side, and text and ground change places."""
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = opened.run(colour)
    opened.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = opened.run(colour)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 24, 29)")


def test_a_known_finding_and_a_sound_client_are_shown_as_such() -> None:
    """With the reason; where nothing is broken there is the table alone."""
    page = FORMATS["html"](hostile(known={"sends-values-untouched": "until & <then>"}), SUBJECT)
    assert "until &amp; &lt;then&gt;" in page
    assert "1 broken duty, 1 of them known" in page
    report = hostile()
    report.broken = []
    assert '<section id="' not in FORMATS["html"](report, SUBJECT)


def test_a_page_stays_small_however_long_the_conversation_was() -> None:
    """Bodies and exchanges without end are cut, with how much is left out."""
    poll = {"taskType": "getResponse", "taskUUID": UUID}
    answer = [json.dumps({"data": [{"status": "processing", "x": "y" * 9000}]}).encode()]
    endless = Outcome(is_endless=True)
    polls = [exchange(poll, number, status=200, answers=answer) for number in range(1, 2001)]
    page = FORMATS["html"](report_on(*polls, outcome=endless, check="gives-up"), SUBJECT)
    assert len(page) < 150_000
    assert "… 1990 exchanges like these …" in page
    assert "characters left out)" in page
