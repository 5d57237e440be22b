"""Settings: what there is to set, and where a setting may come from: flag, environment, file, default, in this order.

Only this file and the command line know of flags, variables and files; inner code receives the value.
"""

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mockserver.outbound import read_opening
from mockserver.scenario import Scenario
from mockserver.spec.dialect import changes_rules, check_dialect
from mockserver.spec.documents import read_json, shipped_root
from mockserver.spec.suggest import nearest

VARIABLES = "RUNWARE_MOCK_"


@dataclass(frozen=True, slots=True)
class MockConfig:
    """Everything that can be set about a mock. A value may also be given as text, as on the command line.

    Raises:
        BadSetting: a value cannot be used; names the attribute.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        profile: bundle of choices: "strict" or "compat".
        choices: choices that differ from the profile's, by name.
        api_key: the accepted keys; empty accepts any that is not empty.
        speed: how many times faster than the real service videos are made; infinity for at once.
        seed: makes UUIDs, seeds and durations repeat, or None.
        log: "pretty", "json" or "quiet".
        validator: "fast" or "reference".
        balance: US dollars that each key begins with; infinity never runs out.
        schema: folder with further data files, or None.
        public_url: scheme and authority for addresses in answers, or None to take the client's own.
        max_body_bytes: size of a request body.
        max_tasks: tasks in one request.
        max_depth: lists and objects inside each other in a request.
        max_values: values in a request.
        keep_tasks: finished tasks that are kept.
        keep_hours: how long a finished task is kept.
        keep_media_hours: how long the address of a video is good if its task has no ttl.
        keep_media_bytes: how much uploaded media is kept.
        media: "rendered" or "prerendered", or None for the first where a server can do it.
        media_cache: folder for rendered clips, or None for a temporary one.
        media_cache_bytes: how much rendered clips take on disk.
        allow_outbound: host names and IP ranges beside loopback that webhooks, uploads and pictures may use.
        outside_images: what becomes of a picture at an address that is not allowed: "placeholder" or "refuse".
        webhook_attempts: how often a webhook is tried.
        upload_attempts: how often an upload is tried.
        journal: exchanges, and attempts to deliver, that are kept to look at; 0 for none.
        scenario: rules that say what goes wrong, or a file of them; None for none.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    profile: str = "strict"
    choices: Mapping[str, str] = field(default_factory=dict)
    api_key: tuple[str, ...] = field(default=(), repr=False)
    speed: float = 400.0
    seed: int | None = None
    log: str = "pretty"
    validator: str = "fast"
    balance: float = 1_000_000.0
    schema: Path | None = None
    public_url: str | None = None
    max_body_bytes: int = 16 * 1024 * 1024
    max_tasks: int = 1000
    max_depth: int = 40
    max_values: int = 100_000
    keep_tasks: int = 10_000
    keep_hours: float = 24.0
    keep_media_hours: float = 24.0
    keep_media_bytes: int = 256 * 1024 * 1024
    allow_outbound: tuple[str, ...] = ()
    outside_images: str = "placeholder"
    webhook_attempts: int = 6
    upload_attempts: int = 1
    journal: int = 1000
    scenario: Path | Scenario | None = None
    media: str | None = None
    media_cache: Path | None = None
    media_cache_bytes: int = 1024 * 1024 * 1024

    def __post_init__(self) -> None:
        """Hold every value against the same rules as on the command line."""
        for setting in _PLAIN:
            name = setting.name.replace("-", "_")
            value = getattr(self, name)
            if not (isinstance(value, Scenario) or (value is None and name in _MAY_BE_NONE)):
                object.__setattr__(self, name, _read(setting, _as_written(value), f"MockConfig.{name}"))
        if not isinstance(self.choices, Mapping):
            raise BadSetting("MockConfig.choices", f"{self.choices!r} is not a dictionary of names and values")


#: Attributes that need no value.
_MAY_BE_NONE = frozenset({"seed", "schema", "public_url", "scenario", "media", "media_cache"})


class BadSetting(Exception):
    """A setting cannot be used.

    Attributes:
        where: the flag, variable or file and name that holds it.
        problem: what is wrong with it, and how to mend it.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


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


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", text):
        raise ValueError(f"{text!r} is not an address such as http://mock:8080")
    return text.rstrip("/")


def _opening(text: str) -> str:
    return str(read_opening(text))


_GIB = 2**30

#: Every setting but the choices of the dialect, in the order of the help.
_PLAIN = (
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
    Setting("max-body-bytes", _integer(1, _GIB), "most bytes of a request body", "BYTES", "16777216", "1000000"),
    Setting("max-tasks", _integer(1, 1_000_000), "most tasks in one request", "COUNT", "1000", "50"),
    Setting(
        "max-depth", _integer(4, 500), "most lists and objects inside each other in a request", "COUNT", "40", "10"
    ),
    Setting("max-values", _integer(10, 10_000_000), "most values in a request", "COUNT", "100000", "5000"),
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
    return MappingProxyType({setting.name: setting for setting in (*_PLAIN, *choice_settings())})


def read_config(flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None = None) -> MockConfig:
    """Put the settings together.

    Args:
        flags: texts given on the command line by name; a list for a setting that may be repeated.
        environment: variables; those that begin with RUNWARE_MOCK_ count.
        file: a TOML file, or None.

    Raises:
        BadSetting: one of them cannot be used; says where it came from.
    """
    values: dict[str, Any] = {}
    for source in (_from_file(file), _from_environment(environment), _from_flags(flags)):
        values.update(source)
    settings = all_settings()
    choices = {name: value for name, value in values.items() if settings[name].is_choice}
    plain = {name.replace("-", "_"): value for name, value in values.items() if name not in choices}
    return MockConfig(**plain, choices=choices)


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _read(all_settings()[name], value, f"--{name}") for name, value in flags.items() if value is not None}


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    by_variable = {setting.variable: setting for setting in all_settings().values()}
    found: dict[str, Any] = {}
    for variable, value in environment.items():
        if variable.startswith(VARIABLES) and variable != f"{VARIABLES}CONFIG":
            setting = by_variable.get(variable)
            if setting is None:
                raise BadSetting(variable, _unknown(variable, by_variable))
            texts = [part.strip() for part in value.split(",")] if setting.is_list else value
            found[setting.name] = _read(setting, texts, variable)
    return found


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadSetting(str(file), f"cannot be read ({problem.strerror or problem})") from problem
    except ValueError as problem:
        raise BadSetting(str(file), f"cannot be read as TOML ({problem})") from problem
    settings = all_settings()
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name not in settings:
            raise BadSetting(f"{file}: {name}", _unknown(name, settings))
        found[name] = _read(settings[name], value, f"{file}: {name}")
    return found


def _as_written(value: Any) -> Any:
    """Return a value of Python's as it would be written in a settings file: texts, numbers, or a list of them."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_written(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    near = nearest(name, known)
    return f"there is no such setting; did you mean {near}?" if near else "there is no such setting"


def _read(setting: Setting, value: Any, where: str) -> Any:
    try:
        if setting.is_list:
            return tuple([_read_one(setting, each) for each in (value if isinstance(value, list) else [value])])
        return _read_one(setting, value)
    except ValueError as problem:
        raise BadSetting(where, str(problem)) from None


def _read_one(setting: Setting, value: Any) -> Any:
    """Read a text, or a number where the setting is one.

    Raises:
        ValueError: the value cannot be used.
    """
    if isinstance(value, str):
        return setting.read(value)
    if isinstance(value, list):
        raise ValueError("one value is expected, not a list")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is neither a text nor a number")
    read = setting.read(str(value))
    if not isinstance(read, int | float) and not setting.is_choice:
        raise ValueError(f"{value!r} is no text; put it in quotes")
    return read


_NAMES = {each.name.replace("_", "-") for each in fields(MockConfig)} - {"choices"}
if {setting.name for setting in _PLAIN} != _NAMES:
    raise AssertionError("MockConfig and its settings differ")
