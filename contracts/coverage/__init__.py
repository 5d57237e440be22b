"""What of the API was exercised: which parameters, values, boundaries, rules, error codes and life-cycle paths.

Pure: what the schemas say and what was said in, a value out. All that could be seen is derived from the data files, so
a further model needs nothing here.
"""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from contracts.coverage.base import Coverage, as_data
from contracts.coverage.page import as_html, as_page
from contracts.coverage.words import as_text


def as_json(coverage: Coverage) -> str:
    """Return a coverage for programs."""
    return json.dumps(as_data(coverage), indent=2, ensure_ascii=False) + "\n"


#: Every form that a coverage by itself can be told in.
FORMATS: Mapping[str, Callable[[Coverage], str]] = MappingProxyType({"text": as_text, "json": as_json, "html": as_page})

__all__ = ["FORMATS", "Coverage", "as_data", "as_html", "as_json", "as_page", "as_text"]
