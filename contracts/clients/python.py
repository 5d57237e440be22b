"""A client that is a Python callable: `async def client(task, endpoint) -> list[dict]`, or the same without async."""

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from copy import deepcopy
from pathlib import Path
from typing import Any

from contracts.clients.base import Endpoint
from contracts.recording import Outcome


class BadClient(Exception):
    """A client cannot be used. Says why, and how to mend it."""


class PythonClient:
    """Calls a function of this process.

    Args:
        call: takes a task and an `Endpoint`, and returns the finished results or raises. An attribute `code` of what
            it raises is taken for the API's error code.
    """

    is_inside = True

    def __init__(self, call: Callable[[dict[str, Any], Endpoint], Any]) -> None:
        self._call = call

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Return nothing to wait for."""
        return nullcontext()

    async def perform(self, task: Mapping[str, Any], endpoint: Endpoint) -> Outcome:
        """Call it; in a thread where it is not asynchronous."""
        try:
            if inspect.iscoroutinefunction(self._call) or inspect.iscoroutinefunction(type(self._call).__call__):
                value = await self._call(deepcopy(dict(task)), endpoint)
            else:
                value = await asyncio.get_running_loop().run_in_executor(
                    None, self._call, deepcopy(dict(task)), endpoint
                )
                if inspect.isawaitable(value):
                    value = await value
        except (Exception, SystemExit) as problem:
            return failed(problem)
        except asyncio.CancelledError as problem:
            if _is_cancelled():
                raise
            return failed(problem)
        return returned(value)

    async def close(self) -> None:
        """Nothing was started."""


def _is_cancelled() -> bool:
    """Say whether the task that runs was cancelled; if not, the client raises for something else that was."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def failed(problem: BaseException) -> Outcome:
    """Return the outcome of a call that raised."""
    code = getattr(problem, "code", None)
    return Outcome(code=code if isinstance(code, str) else None, message=str(problem))


def returned(value: Any) -> Outcome:
    """Return the outcome of a call that returned."""
    if isinstance(value, list | tuple) and all(isinstance(item, Mapping) for item in value):
        return Outcome(results=list(value))
    return Outcome(results=[], value="None" if value is None else value)


def load_client(name: str) -> PythonClient:
    """Find a client by name.

    Args:
        name: "module:attribute"; the module is looked for in the current folder too.

    Raises:
        BadClient: there is none.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise BadClient(f"{name!r} is no client; name it as module:attribute, such as my_app.videos:make_video")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as problem:
        raise BadClient(f"{name}: the module cannot be imported ({type(problem).__name__}: {problem})") from problem
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise BadClient(f"{name}: {getattr(found, '__name__', found)!r} has no attribute {part!r}")
        found = getattr(found, part)
    if not callable(found):
        raise BadClient(f"{name}: it is no function but a {type(found).__name__}")
    return PythonClient(found)
