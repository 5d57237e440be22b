"""How texts of reports are written where some characters have a meaning of their own."""


def annotation(level: str, title: str, text: str) -> str:
    """Return a workflow command that shows a text: "error", "warning" or "notice"."""
    return f"::{level} title={_property(title)}::{_data(text)}"


def for_xml(text: str) -> str:
    """Return a text without the characters that XML has no way to write."""
    return "".join(char if char in "\t\n\r" or char >= " " else "\N{REPLACEMENT CHARACTER}" for char in text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
