"""Words in a prompt that make a generation go wrong on purpose, as test card numbers do."""

import re
from collections.abc import Container

_MAGIC = re.compile(r"\[\[([A-Za-z]+)\]\]")


def find_failure(prompt: object, names: Container[str]) -> str | None:
    """Return the first error name in double square brackets, or None.

    Args:
        prompt: the prompt; anything but a string holds no magic.
        names: errors that a generation can end with. Other words in brackets are plain text.
    """
    if not isinstance(prompt, str) or "[[" not in prompt:
        return None
    return next((word for word in _MAGIC.findall(prompt) if word in names), None)
