"""Answers as a gateway before the API gives them, for the faults that imitate one."""

from dataclasses import replace
from http import HTTPStatus

from mockserver.faults.base import Outgoing

#: What the body of such an answer can be.
FORMS = ("json", "html", "empty")


def from_gateway(outgoing: Outgoing, status: int, form: str) -> Outgoing:
    """Return an answer with another status and, where it is not the API's own, another body.

    Source: none (assumed); the pages are of our own making.
    """
    if form == "json":
        return replace(outgoing, status=status)
    if form == "empty":
        return replace(outgoing, status=status, body=b"", media_type="text/plain")
    return replace(outgoing, status=status, body=page(status), media_type="text/html")


def page(status: int) -> bytes:
    """Return the page that a gateway shows for a status."""
    title = f"{status} {HTTPStatus(status).phrase}"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n".encode()
