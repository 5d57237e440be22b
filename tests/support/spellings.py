"""The ways in which an address can be written so that programs read different hosts in it."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

#: Digits that some programs turn into plain ones: full-width, circled, mathematical.
LOOKALIKES: Mapping[str, str] = {
    "full-width": "０１２３４５６７８９",
    "circled": "⓪①②③④⑤⑥⑦⑧⑨",
    "mathematical": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "superscript": "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "arabic": "٠١٢٣٤٥٦٧٨٩",
}


def tricky_hosts(ip: str) -> Iterator[tuple[str, str]]:
    """Yield spellings of an IPv4 address that no honest client uses, each with a name."""
    number, parts = int(IPv4Address(ip)), [int(part) for part in ip.split(".")]
    a, b, c, d = parts
    yield from {
        "decimal": str(number),
        "octal": f"0{number:o}",
        "hexadecimal": f"{number:#x}",
        "hexadecimal in capitals": f"0X{number:X}",
        "octal parts": ".".join(f"0{part:o}" for part in parts),
        "hexadecimal parts": ".".join(f"{part:#x}" for part in parts),
        "mixed parts": f"{a}.{b:#x}.0{c:o}.{d}",
        "padded parts": ".".join(f"{part:04}" for part in parts),
        "much padding": f"{a:030}.{b}.{c}.{d}",
        "two parts": f"{a}.{number & 0xFFFFFF}",
        "three parts": f"{a}.{b}.{c * 256 + d}",
        "a part too large": f"{a + 256}.{b}.{c}.{d}",
        "beyond 32 bits": str(number + 2**32),
        "five parts": f"{ip}.0",
        "a dot at the end": f"{ip}.",
        "two dots": f"{a}.{b}..{c}.{d}",
        "a dot in front": f".{ip}",
        "a sign": f"+{ip}",
        "a decimal with a dot": f"{number}.",
        "escaped": ip.replace(".", "%2e"),
        "escaped digits": "".join(f"%{ord(character):02x}" for character in ip),
        "an escaped zero byte": f"{ip}%00",
        "an escaped line end": f"{ip}%0d%0a",
        "ideographic dots": ip.replace(".", "。"),
        "full-width dots": ip.replace(".", "．"),
        "half-width dots": ip.replace(".", "｡"),
        "a soft hyphen": f"{a}\u00ad.{b}.{c}.{d}",
        "a zero-width space": f"{a}\u200b.{b}.{c}.{d}",
        "a joiner": f"{a}.{b}.{c}.{d}\u200d",
        "mapped": f"[::ffff:{ip}]",
        "mapped in hexadecimal": f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]",
        "mapped in full": f"[0000:0000:0000:0000:0000:FFFF:{ip}]",
        "compatible": f"[::{ip}]",
        "translated": f"[::ffff:0:{ip}]",
        "NAT64": f"[64:ff9b::{ip}]",
        "local NAT64": f"[64:ff9b:1::{ip}]",
        "6to4": f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
        "Teredo": f"[2001:0:4136:e378:8000:63bf:{(number >> 16) ^ 0xFFFF:x}:{(number & 0xFFFF) ^ 0xFFFF:x}]",
        "ISATAP": f"[fe80::5efe:{ip}]",
        "brackets": f"[{ip}]",
        "brackets within": f"[[::ffff:{ip}]]",
        "mapped with a zone": f"[::ffff:{ip}%25lo]",
    }.items()
    for name, digits in LOOKALIKES.items():
        yield f"{name} digits", "".join(digits[int(each)] if each.isdigit() else each for each in ip)


def tricky_addresses(ip: str, port: int, good: str) -> Iterator[tuple[str, str]]:
    """Yield whole addresses that nobody honest writes, each with a name.

    Args:
        ip: an IPv4 address that is not open.
        port: a port there.
        good: a host that is open.
    """
    for name, host in tricky_hosts(ip):
        yield name, f"http://{host}:{port}/x"
    there = f"{ip}:{port}"
    yield from {
        "a user": f"http://user@{there}/x",
        "a user and a password": f"http://user:password@{there}/x",
        "an open host as user": f"http://{good}@{there}/x",
        "an open host and port as user": f"http://{good}:80@{there}/x",
        "an empty user": f"http://@{there}/x",
        "an escaped user": f"http://{good}%40{there}/x",
        "two users": f"http://{good}@{good}@{there}/x",
        "a backslash": f"http://{good}\\@{there}/x",
        "a backslash behind": f"http://{there}\\@{good}/x",
        "two ports": f"http://{there}:80/x",
        "an empty port": f"http://{ip}:/x",
        "a port of zero": f"http://{ip}:0/x",
        "a port too large": f"http://{ip}:{port + 65536}/x",
        "a padded port": f"http://{ip}:0{port}/x",
        "a port with a sign": f"http://{ip}:+{port}/x",
        "a port in other digits": f"http://{ip}:８０/x",
        "no host": f"http:///{there}/x",
        "a port alone": f"http://:{port}/x",
        "one slash": f"http:/{there}/x",
        "no slash": f"http:{there}/x",
        "backslashes": f"http:\\\\{there}\\x",
        "no scheme": f"//{there}/x",
        "FTP": f"ftp://{there}/x",
        "a file": "file:///etc/passwd",
        "Gopher": f"gopher://{there}/_GET",
        "a dictionary": f"dict://{there}/d",
        "LDAP": f"ldap://{there}/x",
        "a WebSocket": f"ws://{there}/x",
        "a program": f"javascript:fetch('http://{there}')",
        "a socket file": "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
        "a JAR": f"jar:http://{there}/x!/",
        "a blank in front": f" http://{there}/x",
        "a blank in the scheme": f"http ://{there}/x",
        "a tab in the host": f"http://{ip[:4]}\t{ip[4:]}:{port}/x",
        "a line end in the host": f"http://{good}\r\nHost: {there}/x",
        "a line end in the path": f"http://{good}/\r\nX: {there}",
        "a zero byte": f"http://{good}\x00{there}/x",
        "the whole internet's zero": f"http://0.0.0.0:{port}/x",
        "a bare zero": f"http://0:{port}/x",
        "the unspecified address": f"http://[::]:{port}/x",
        "a zone": f"http://[fe80::1%25eth0]:{port}/x",
        "a bare zone": f"http://[::1%lo]:{port}/x",
        "a future address": f"http://[v1.{ip}]:{port}/x",
        "everybody": f"http://255.255.255.255:{port}/x",
        "a group": f"http://224.0.0.1:{port}/x",
        "a group of IPv6": f"http://[ff02::1]:{port}/x",
    }.items()
