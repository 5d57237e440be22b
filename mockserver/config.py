"""Settings: what there is to set, and where a setting may come from: flag, environment, file, default, in this order.

Only this file and the command line know of flags, variables and files; inner code receives the value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from mockserver.scenario import Scenario
from mockserver.settings import PLAIN, VARIABLES, Setting, all_settings
from mockserver.spec.suggest import nearest


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
        state: "memory", or the file or the address of the Redis in which everything that tasks leave behind is kept.
        workers: how many processes serve.
        max_body_bytes: size of a request body.
        max_tasks: tasks in one request.
        max_depth: lists and objects inside each other in a request.
        max_values: values in a request.
        max_head_bytes: size of the head of an HTTP request.
        max_connections: connections that are open at a time.
        max_running: tasks of one key that are being made at a time, roughly where there are many.
        max_owed: deliveries that are owed to the receivers of one key at a time.
        head_seconds: how long the head of a request may take, and a new connection may be silent; real time.
        body_seconds: how long a body may take, and a second more for every 16 KiB of it; real time.
        login_seconds: how long a WebSocket connection may go without a good key; real time.
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
        clock: seconds of the mock's time that pass in a second: 1.0 is "real", 0.0 is "manual".
        control: whether the control API is served.
        control_token: what the control API asks for, or None.
        grace_seconds: how long answers under way may take when the mock is told to stop.
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
    state: str = "memory"
    workers: int = 1
    max_body_bytes: int = 16 * 1024 * 1024
    max_tasks: int = 1000
    max_depth: int = 40
    max_values: int = 100_000
    max_head_bytes: int = 64 * 1024
    max_connections: int = 10_000
    max_running: int = 1_000_000
    max_owed: int = 10_000
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    login_seconds: float = 10.0
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
    clock: float = 1.0
    control: bool = True
    control_token: str | None = field(default=None, repr=False)
    grace_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Hold every value against the same rules as on the command line."""
        for setting in PLAIN:
            name = setting.name.replace("-", "_")
            value = getattr(self, name)
            if not (isinstance(value, Scenario) or (value is None and name in _MAY_BE_NONE)):
                object.__setattr__(self, name, _read(setting, _as_written(value), f"MockConfig.{name}"))
        if not isinstance(self.choices, Mapping):
            raise BadSetting("MockConfig.choices", f"{self.choices!r} is not a dictionary of names and values")


#: Attributes that need no value.
_MAY_BE_NONE = frozenset({"seed", "schema", "public_url", "scenario", "media", "media_cache", "control_token"})


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


def changed(config: MockConfig, settings: Mapping[str, Any]) -> MockConfig:
    """Return settings of which some are others.

    Args:
        config: what holds unless it is changed.
        settings: values by attribute.

    Raises:
        BadSetting: a value cannot be used, or there is no such attribute.
    """
    known = [each.name for each in fields(MockConfig)]
    for name in settings:
        if name not in known:
            choice = all_settings().get(name.replace("_", "-"))
            mend = _unknown(name, known) if choice is None else f"it is a choice: choices={{{choice.name!r}: …}}"
            raise BadSetting(f"MockConfig.{name}", mend)
    return replace(config, **settings)


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
    import tomllib  # few have a file, and all would wait for it

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


def _unknown(name: str, known: Iterable[str]) -> str:
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
    if isinstance(value, bool) and setting.is_switch:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is neither a text nor a number")
    read = setting.read(str(value))
    if not isinstance(read, int | float) and not setting.is_choice:
        raise ValueError(f"{value!r} is no text; put it in quotes")
    return read


_NAMES = {each.name.replace("_", "-") for each in fields(MockConfig)} - {"choices"}
if {setting.name for setting in PLAIN} != _NAMES:
    raise AssertionError("MockConfig and its settings differ")
