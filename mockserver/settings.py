"""The settings that there are: name, meaning, how a text becomes a value, and why it may not.

Where a setting comes from is left to `mockserver.config`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from mockserver.outbound import read_opening
from mockserver.spec.dialect import changes_rules, check_dialect
from mockserver.spec.documents import read_json, shipped_root
from mockserver.spec.suggest import nearest

VARIABLES = "RUNWARE_MOCK_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set.

    Attributes:
        name: as written on the command line and in files, as in "max-tasks".
        read: turns text into the value; raises ValueError with a sentence.
        about: what it means, with its unit.
        placeholder: what stands for the value in a usage line.
        default: the default as people would write it.
        example: a value as people would write it.
        is_list: whether it may be given several times.
        is_choice: whether it is a choice of the dialect.
        is_rule: whether it decides which tasks are good.
        is_switch: whether a truth value will do as well as a text.
    """

    name: str
    read: Callable[[str], Any]
    about: str
    placeholder: str
    default: str
    example: str
    is_list: bool = False
    is_choice: bool = False
    is_rule: bool = False
    is_switch: bool = False

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return VARIABLES + self.name.upper().replace("-", "_")


def _integer(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        cleaned = text.replace("_", "")
        if not re.fullmatch(r"-?\d{1,19}", cleaned) or not least <= int(cleaned) <= most:
            raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
        return int(cleaned)

    return read


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            near = nearest(text, allowed)
            raise ValueError(
                f"{text!r} is not one of {', '.join(allowed)}" + (f"; did you mean {near!r}?" if near else "")
            )
        return text

    return read


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("the value is empty")
    return text


def _speed(text: str) -> float:
    if text in ("instant", "inf"):
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0.001 <= speed < math.inf:
        raise ValueError(f"{text!r} is neither a number of 0.001 or more nor 'instant'")
    return speed


def _rate(text: str) -> float:
    if text in _RATES:
        return _RATES[text]
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if rate != 0 and not 0.001 <= rate <= 1_000_000:
        raise ValueError(f"{text!r} is neither 'real' nor 'manual' nor a number from 0.001 to 1000000")
    return rate


_RATES: Mapping[str, float] = MappingProxyType({"real": 1.0, "manual": 0.0})


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off", "true", "false"):
        raise ValueError(f"{text!r} is neither 'on' nor 'off'")
    return text.lower() in ("on", "true")


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            seconds = float(text)
        except ValueError:
            seconds = math.nan
        if not least <= seconds <= most:
            raise ValueError(f"{text!r} is not a number of seconds from {least:g} to {most:g}")
        return seconds

    return read


def _hours(least: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            hours = float(text)
        except ValueError:
            hours = math.nan
        if not least <= hours <= 87_600:
            raise ValueError(f"{text!r} is not a number of hours from {least:g} to 87600")
        return hours

    return read


def _dollars(text: str) -> float:
    if text in ("unlimited", "inf"):
        return math.inf
    try:
        dollars = float(text)
    except ValueError:
        dollars = math.nan
    if not 0 <= dollars == round(dollars, 6) < 1e9:
        raise ValueError(f"{text!r} is neither an amount of dollars with at most six decimals nor 'unlimited'")
    return dollars


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError(f"there is no folder {text!r}")
    return path


def _any_folder(text: str) -> Path:
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise ValueError(f"{text!r} is no folder")
    return path


#: What addresses of Redis begin with: plain, secured, in this machine.
REDIS = ("redis://", "rediss://", "unix://")
#: What was surely meant as an address: a word of two letters or more before a colon, or a port behind one.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:|[^/\\]*:\d+(/|$)", re.IGNORECASE)


def _state(text: str) -> str:
    if text.startswith(REDIS):
        database = urlsplit(text).path.strip("/")
        if not text.startswith("unix:") and database and not database.isdecimal():
            raise ValueError(f"the database {database!r} is no number; write redis://HOST:PORT/NUMBER")
        return text
    if _ADDRESS.match(text):
        raise ValueError(f"{text!r} is no address of a Redis; write redis://HOST:PORT/NUMBER, or ./NAME for a file")
    if text != "memory" and Path(_text(text)).is_dir():
        raise ValueError(f"{text!r} is a folder; name a file in it")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", text):
        raise ValueError(f"{text!r} is not an address such as http://mock:8080")
    return text.rstrip("/")


def _opening(text: str) -> str:
    return str(read_opening(text))


_GIB = 2**30

#: Every setting but the choices of the dialect, in the order of the help.
PLAIN = (
    Setting("host", _text, "address to listen on", "ADDRESS", "127.0.0.1", "0.0.0.0"),
    Setting("port", _integer(0, 65535), "port to listen on; 0 takes a free one", "PORT", "8080", "9000"),
    Setting(
        "profile",
        _one_of("strict", "compat"),
        "what is accepted: what the parameter page says, or also what older official clients send",
        "NAME",
        "strict",
        "compat",
    ),
    Setting(
        "api-key",
        _text,
        "accept this key; may be repeated; without it any key that is not empty is accepted",
        "KEY",
        "any key",
        "my-key",
        is_list=True,
    ),
    Setting(
        "speed",
        _speed,
        "how many times faster than the real service videos are made; 1 is realistic, 'instant' does not wait",
        "FACTOR",
        "400",
        "instant",
    ),
    Setting(
        "seed",
        _integer(0, 2**63 - 1),
        "make UUIDs, seeds and durations repeat from run to run, where each key submits in the same order",
        "NUMBER",
        "random",
        "7",
    ),
    Setting(
        "log",
        _one_of("pretty", "json", "quiet"),
        "what is printed for each request; quiet prints only where the mock listens, and what failed",
        "KIND",
        "pretty",
        "json",
    ),
    Setting(
        "validator",
        _one_of("fast", "reference"),
        "library that checks requests: jsonschema-rs or jsonschema",
        "NAME",
        "fast",
        "reference",
    ),
    Setting(
        "balance",
        _dollars,
        "US dollars that each key begins with, charged for every result; 'unlimited' never runs out",
        "DOLLARS",
        "1000000",
        "0.5",
    ),
    Setting(
        "schema",
        _folder,
        "folder laid out like schema/ whose files add to the shipped ones or take their place",
        "FOLDER",
        "none",
        "./my-schema",
    ),
    Setting(
        "public-url",
        _url,
        "address to put before paths in answers, in place of the one the client used",
        "URL",
        "the client's",
        "http://mock:8080",
    ),
    Setting(
        "state",
        _state,
        "where tasks, deliveries, media and balances are kept: 'memory', a file that outlives the mock, or the "
        "address of a Redis that a fleet of mocks shares",
        "memory|FILE|URL",
        "memory",
        "./mock.db",
    ),
    Setting(
        "workers",
        _integer(1, 64),
        "how many processes serve; several need a state that they share, and real time",
        "COUNT",
        "1",
        "2",
    ),
    Setting("max-body-bytes", _integer(1, _GIB), "most bytes of a request body", "BYTES", "16777216", "1000000"),
    Setting("max-tasks", _integer(1, 1_000_000), "most tasks in one request", "COUNT", "1000", "50"),
    Setting(
        "max-depth", _integer(4, 500), "most lists and objects inside each other in a request", "COUNT", "40", "10"
    ),
    Setting("max-values", _integer(10, 10_000_000), "most values in a request", "COUNT", "100000", "5000"),
    Setting(
        "max-head-bytes", _integer(1024, 2**20), "most bytes of the head of an HTTP request", "BYTES", "65536", "16384"
    ),
    Setting(
        "max-connections", _integer(1, 1_000_000), "most connections of a process at a time", "COUNT", "10000", "200"
    ),
    Setting(
        "max-running",
        _integer(1, 10_000_000),
        "most tasks of one key that are being made at a time; further ones are refused",
        "COUNT",
        "1000000",
        "100",
    ),
    Setting(
        "max-owed",
        _integer(1, 100_000),
        "most deliveries that are owed to the receivers of one key at a time; further tasks that ask for some are "
        "refused",
        "COUNT",
        "10000",
        "100",
    ),
    Setting(
        "head-seconds",
        _seconds(0.01, 86_400),
        "how many seconds the head of a request may take, and a new connection may be silent",
        "SECONDS",
        "10",
        "60",
    ),
    Setting(
        "body-seconds",
        _seconds(0.01, 86_400),
        "how many seconds a body may take, with one more for every 16 KiB of it",
        "SECONDS",
        "20",
        "120",
    ),
    Setting(
        "login-seconds",
        _seconds(0.01, 86_400),
        "how many seconds a WebSocket connection may go without a good key",
        "SECONDS",
        "10",
        "60",
    ),
    Setting(
        "keep-tasks",
        _integer(1, 100_000_000),
        "finished tasks that are kept; when a task comes, the oldest beyond that are dropped",
        "COUNT",
        "10000",
        "200",
    ),
    Setting("keep-hours", _hours(0.001), "how many hours a finished task is kept", "HOURS", "24", "1"),
    Setting(
        "keep-media-hours",
        _hours(0),
        "how many hours the address of a video is good if its task has no ttl",
        "HOURS",
        "24",
        "1",
    ),
    Setting(
        "keep-media-bytes",
        _integer(0, 1024 * _GIB),
        "most bytes of uploaded media that are kept",
        "BYTES",
        "268435456",
        "1000000",
    ),
    Setting(
        "allow-outbound",
        _opening,
        "host, IP address or range that webhooks, uploads and pictures may use beside this machine; repeatable",
        "HOST|CIDR",
        "none",
        "10.0.0.0/8",
        is_list=True,
    ),
    Setting(
        "outside-images",
        _one_of("placeholder", "refuse"),
        "what becomes of a picture whose address is not allowed: a placeholder that names it, or an error",
        "NAME",
        "placeholder",
        "refuse",
    ),
    Setting(
        "webhook-attempts",
        _integer(1, 1_000_000),
        "how often a webhook is tried until its receiver takes it",
        "COUNT",
        "6",
        "1",
    ),
    Setting(
        "upload-attempts",
        _integer(1, 1_000_000),
        "how often an upload is tried until its receiver takes it",
        "COUNT",
        "1",
        "3",
    ),
    Setting(
        "journal",
        _integer(0, 10_000_000),
        "requests, and attempts at deliveries, that are kept to look at; 0 switches the journal off",
        "COUNT",
        "1000",
        "0",
    ),
    Setting(
        "scenario",
        lambda text: Path(_text(text)),
        "file of YAML or JSON with rules that say what goes wrong with which tasks",
        "FILE",
        "none",
        "./flaky.yaml",
    ),
    Setting(
        "media",
        _one_of("rendered", "prerendered"),
        "what a finished video is: rendered for its task and showing it, or one file for all of its size; without "
        "the extra 'media' always the latter",
        "KIND",
        "rendered",
        "prerendered",
    ),
    Setting(
        "media-cache",
        _any_folder,
        "folder that keeps rendered videos; without it they are kept until the mock stops",
        "FOLDER",
        "temporary",
        "./videos",
    ),
    Setting(
        "media-cache-bytes",
        _integer(16 * 1024 * 1024, 1024 * _GIB),
        "most bytes of rendered videos that are kept; the one used longest ago goes first",
        "BYTES",
        "1073741824",
        "100000000",
    ),
    Setting(
        "clock",
        _rate,
        "how time passes: 'real', 'manual' (it stands until the control API moves it), or a factor",
        "RATE",
        "real",
        "manual",
    ),
    Setting(
        "control",
        _switch,
        "whether the control API is served, below /_mock: 'on' or 'off'",
        "SWITCH",
        "on",
        "off",
        is_switch=True,
    ),
    Setting(
        "control-token",
        _text,
        "what callers of the control API must show as a bearer token; without it only this machine is answered",
        "TOKEN",
        "none",
        "my-token",
    ),
    Setting(
        "grace-seconds",
        _seconds(0, 3600),
        "how many seconds answers under way may still take when the mock is told to stop",
        "SECONDS",
        "1",
        "10",
    ),
)


@lru_cache(maxsize=1)
def choice_settings() -> tuple[Setting, ...]:
    """Return a setting for each choice of the dialect, from the shipped data.

    Raises:
        SchemaProblem: the shipped data cannot be used.
    """
    document = read_json(shipped_root() / "dialect.json")
    check_dialect(document)
    return tuple(_choice(name, choice) for name, choice in document["choices"].items())


def _choice(name: str, choice: Mapping[str, Any]) -> Setting:
    values = list(choice["values"])
    other = next(value for value in values if value != choice["default"])
    return Setting(
        name=name,
        read=_one_of(*values),
        about=choice["about"].rstrip(".") + ": " + "; ".join(f"{v}: {e['about']}" for v, e in choice["values"].items()),
        placeholder="|".join(values),
        default=choice["default"],
        example=other,
        is_choice=True,
        is_rule=any(changes_rules(value) for value in choice["values"].values()),
    )


def all_settings() -> Mapping[str, Setting]:
    """Return every setting by name, choices last."""
    return MappingProxyType({setting.name: setting for setting in (*PLAIN, *choice_settings())})
