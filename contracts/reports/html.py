"""For browsers: one page that needs nothing else, neither a script nor another file.

It is built of elements, never of text, so that whatever a client or a service said is shown and does nothing.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring, tostring

from contracts.checks import CHECKS
from contracts.coverage import Coverage, as_html
from contracts.recording import Exchange
from contracts.report import Broken, Report
from contracts.reports.marks import Excerpt, Mark, excerpt, mark_of, printable
from contracts.reports.story import Step, Way, behaviour_of, headline, replay, steps, task_of, told_exchanges, value_of
from mockserver.spec.wording import count

STYLE = Path(__file__).with_name("page.css")
#: Nothing is loaded and nothing runs, whatever the page holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
#: How much is shown of what is marked in the diagram, of a value, and of a whole body, in characters.
IN_DIAGRAM, OF_A_VALUE, OF_A_BODY = 160, 600, 4000


def html(report: Report, subject: str) -> str:
    """Return a report as a page."""
    title = f"{headline(report).partition(';')[0]}: {subject}"
    head = _element(
        "head",
        _element("meta", charset="utf-8"),
        _element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        _element("link", rel="icon", href="data:,"),
        _element("title", title),
        _style(),
    )
    sections = [
        _summary(report, subject),
        _duties(report),
        *(_finding(each, report, subject) for each in report.broken),
        *([] if report.coverage is None else [_coverage(report.coverage)]),
    ]
    page = _element("html", head, _element("body", _element("main", *sections)), lang="en")
    return f"<!doctype html>\n{tostring(page, encoding='unicode', method='html')}\n"


def _element(name: str, /, *children: Element | str, **attributes: str) -> Element:
    """Return an element; the name of an attribute has underscores for hyphens, and one behind a word of Python's."""
    named = {key.rstrip("_").replace("_", "-"): printable(value) for key, value in attributes.items() if value}
    element = Element(name, named)
    for child in children:
        if isinstance(child, Element):
            element.append(child)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + printable(child)
        else:
            element.text = (element.text or "") + printable(child)
    return element


def _style() -> Element:
    style = Element("style")
    style.text = STYLE.read_text(encoding="utf-8")
    return style


def _coverage(coverage: Coverage) -> Element:
    """Return the section on what was exercised, which is well-formed as it comes."""
    return fromstring(as_html(coverage))  # noqa: S314 - our own words, escaped


def _summary(report: Report, subject: str) -> Element:
    facts = {
        "client": subject,
        "profile": report.profile,
        "seed": str(report.seed),
        "examples": str(report.examples),
        "time": f"{report.took_s:.1f} s",
    }
    mended = [
        _element("p", _element("code", name), " is not broken any more: take it out of the file of known findings.")
        for name in report.mended
    ]
    return _element(
        "header",
        _element("h1", "runware-mock check client"),
        _element("p", headline(report), class_=f"verdict {'broken' if report.new else 'passed'}"),
        *mended,
        _facts(facts),
    )


def _facts(facts: Mapping[str, str | Element]) -> Element:
    rows = [each for name, value in facts.items() for each in (_element("dt", name), _element("dd", value))]
    return _element("dl", *rows)


def _duties(report: Report) -> Element:
    broken = {each.check.name for each in report.broken}
    rows = [
        _element(
            "tr",
            _element("td", _element("a", name, href=f"#{name}") if name in broken else name),
            _element("td", CHECKS[name].severity),
            _element("td", CHECKS[name].about),
            _element("td", _badge(_state(name, report, name in broken))),
        )
        for name in report.checks
    ]
    names = _element(
        "tr", *(_element("th", each, scope="col") for each in ("duty", "severity", "what it asks", "state"))
    )
    table = _element("table", _element("thead", names), _element("tbody", *rows))
    return _element("section", _element("h2", "Duties"), _element("div", table, class_="wide"))


def _state(name: str, report: Report, is_broken: bool) -> str:
    if not is_broken:
        return "passed"
    return "known" if name in report.known else "broken"


def _badge(state: str) -> Element:
    return _element("span", state, class_=f"badge {state}")


def _finding(broken: Broken, report: Report, subject: str) -> Element:
    check, finding, recording = broken.check, broken.finding, broken.recording
    mark, name = mark_of(broken), check.name
    known = {"accepted": report.known[name]} if name in report.known else {}
    facts: dict[str, str | Element] = {
        **known,
        "duty": check.about,
        "source": check.source,
        "mend": check.hint,
        "task": _element("code", task_of(recording)),
        "service": _element("code", behaviour_of(recording)),
        "again": _element("pre", replay(recording, subject)),
    }
    return _element(
        "section",
        _element("h2", name, " ", _badge(_state(name, report, True)), " ", _element("small", check.severity)),
        _element("p", finding.said),
        _diagram(broken, mark),
        _sides(broken),
        _facts(facts),
        _exchanges(broken, mark),
        id=name,
    )


def _sides(broken: Broken) -> Element:
    """Return both sides: what was sent or reported, and what was due."""
    finding, check = broken.finding, broken.check
    sent = finding.said if finding.sent is None and finding.required is None else value_of(finding.sent, OF_A_VALUE)
    required = check.about if finding.required is None else value_of(finding.required, OF_A_VALUE)
    return _element(
        "div",
        _element("div", _element("h3", "sent" if finding.exchange else "reported"), _element("code", sent)),
        _element("div", _element("h3", "required"), _element("code", required)),
        class_="sides",
    )


_CLASSES = {Way.REQUEST: "request", Way.ANSWER: "answer", Way.LEFT_OUT: "gap", Way.END: "end"}


def _diagram(broken: Broken, mark: Mark | None) -> Element:
    """Return the exchange as a sequence diagram: the client on the left, the service on the right, time downwards."""
    lanes = _element("div", _element("span", "client"), _element("span", "service"), class_="lanes", aria_hidden="true")
    return _element("figure", lanes, _element("ol", *(_step(step, mark) for step in steps(broken))), class_="talk")


def _step(step: Step, mark: Mark | None) -> Element:
    at = "" if step.at_ms is None else f"{step.at_ms / 1000:.3f} s"
    said = [_element("span", step.words)]
    if step.is_here and mark is not None:
        said.append(_marked(mark, IN_DIAGRAM))
    here = " here" if step.is_here else ""
    return _element(
        "li",
        _element("time", at),
        _element("div", *said, class_="said"),
        class_=_CLASSES[step.way] + here,
        aria_current="true" if here else "",
    )


def _marked(mark: Mark, width: int) -> Element:
    shown: Excerpt = excerpt(mark, width)
    missing = [_element("mark", "missing here")] if mark.is_missing else []
    marked = shown.marked if mark.is_missing else _element("mark", shown.marked)
    return _element("code", shown.before, *missing, marked, shown.after, class_="bytes")


def _exchanges(broken: Broken, mark: Mark | None) -> Element:
    """Return what was said in the exchanges of the diagram, folded up."""
    shown = [exchange for _, exchange in told_exchanges(broken)]
    told = [
        each
        for exchange in shown
        for each in _exchange(exchange, mark if exchange.number == broken.finding.exchange else None)
    ]
    return _element("details", _element("summary", f"{count(len(shown), 'exchange')}, byte for byte"), *told)


def _exchange(exchange: Exchange, mark: Mark | None) -> Iterator[Element]:
    way = "message" if exchange.transport == "websocket" else f"POST {exchange.target}"
    yield _element("h3", f"{exchange.number}. {way}")
    heads = ", ".join(f"{name}: {value}" for name, value in exchange.headers)
    yield _element("p", heads, class_="heads")
    if mark is not None and mark.part == "body":
        yield _element("pre", _marked(mark, OF_A_BODY))
    else:
        yield _element("pre", _cut(exchange.body))
    status = "no answer" if exchange.status is None else str(exchange.status or "frames")
    faults = f" [{', '.join(exchange.faults)}]" if exchange.faults else ""
    yield _element("p", f"answered: {status}{faults}")
    for answer in exchange.answers:
        yield _element("pre", _cut(answer))


def _cut(body: bytes) -> str:
    text = body.decode(errors="replace")
    left_out = len(text) - OF_A_BODY
    return text if left_out <= 0 else f"{text[:OF_A_BODY]}… ({count(left_out, 'character')} left out)"
