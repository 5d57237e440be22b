"""Addresses without their secrets: what a query string shows a receiver is nobody else's business."""

import re
from collections.abc import Mapping
from typing import Any

#: What stands where a secret was.
HIDDEN = "(hidden)"
#: A parameter of a query string whose name says that its value opens something: a receiver's token, the signature of
#: a presigned address. Source: the documentation of webhooks puts tokens there (stated).
_SECRET = re.compile(
    r"""([?&][^=&#\s"'\\]*(?:key|token|secret|sig|signature|password|credential|auth)=)[^&#\s"'\\<>]+""", re.IGNORECASE
)


def without_secrets(value: Any) -> Any:
    """Return a JSON value whose texts hold addresses without the secrets in their query strings."""
    if isinstance(value, str):
        return _SECRET.sub(rf"\1{HIDDEN}", value) if "=" in value else value
    if isinstance(value, Mapping):
        return {name: without_secrets(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(without_secrets, value))
    return value
