"""The outbound policy: which of the addresses that clients choose the mock may connect to, and why not to the others.

Decided here, from text and numbers alone: whether an address is plain enough to be believed, and whether a host or an
IP address lies within what was opened. Looking names up and connecting is `adapters.web`'s, which asks here twice:
about the address as written, and about every IP address just before a connection to it.

The policy is the reverse of a usual one: this machine is allowed, everything else is not until it is listed.

Source: none; what the real service reaches is not known (assumed)
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import MappingProxyType
from typing import NamedTuple

IPAddress = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Reach(Enum):
    """What may be done with an address."""

    REFUSED = "nobody honest writes it so, or it is never reached"
    OUTSIDE = "fine as it is, but not opened"
    OPEN = "may be connected to, if what its name stands for may"


class Verdict(NamedTuple):
    """What the policy says of an address.

    Attributes:
        reach: what may be done with it.
        reason: for people: why it is refused or what would open it; "" for an open one.
        host: its host in lower case, without brackets; "" where it has none that can be read.
        port: its port, also where the scheme implies it; 0 where it has none that can be read.
    """

    reach: Reach
    reason: str = ""
    host: str = ""
    port: int = 0


_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f]")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>[1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
#: A last label that makes other programs read the whole host as an IPv4 address: decimal, octal or hexadecimal.
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORTS: Mapping[str, int] = MappingProxyType({"http": 80, "https": 443})
_LONGEST_NAME = 253

#: Addresses at which clouds hand out credentials to whoever asks from inside.
_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.169.253",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd00:ec2::253",
            "fd00:ec2::23",
            "fd20:ce::254",
        ),
    )
)
_METADATA_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data"}
    | {"instance-data.ec2.internal", "metadata.tencentyun.com", "metadata.oraclecloud.com"}
)
#: Ranges whose addresses stand for an IPv4 address, which a check of the range alone would miss.
_EMBEDDING = (
    IPv6Network("::/96"),  # IPv4-compatible; "::1" is looked at before
    IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    IPv6Network("::ffff:0:0:0/96"),  # translated
    IPv6Network("64:ff9b::/96"),  # NAT64
    IPv6Network("64:ff9b:1::/48"),  # NAT64, local
    IPv6Network("2001::/32"),  # Teredo
    IPv6Network("2002::/16"),  # 6to4
)
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_RESERVED = IPv4Network("240.0.0.0/4")
_LOCAL_IDENTIFIERS = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")  # ISATAP


class BadOpening(ValueError):
    """What should be opened is neither a host name nor a range of IP addresses."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """What may be connected to: this machine, and what was opened.

    Attributes:
        names: host names that were opened, in lower case.
        networks: ranges of IP addresses that were opened.
        own_ports: ports that the mock itself listens on, never connected to on this machine; filled in by whoever
            makes it listen.
    """

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    own_ports: set[int] = field(default_factory=set)

    @classmethod
    def opened(cls, openings: Iterable[str] = ()) -> "Outbound":
        """Return the policy with some hosts and ranges opened.

        Args:
            openings: host names such as "files.example.com", IP addresses and ranges such as "10.0.0.0/8".

        Raises:
            BadOpening: one of them is none of these.
        """
        read = [read_opening(text) for text in openings]
        names = frozenset(opening for opening in read if isinstance(opening, str))
        return cls(names, tuple(opening for opening in read if not isinstance(opening, str)))

    def judge(self, url: str) -> Verdict:
        """Say what may be done with an address as a client wrote it. No name is looked up."""
        found = _ADDRESS.fullmatch(url)
        if found is None or found["scheme"].lower() not in _PORTS:
            return _refused("only http:// and https:// addresses are called.")
        if _CONTROLS.search(url):
            return _refused("it holds blanks or control characters; escape them.")
        authority = found["authority"]
        if "@" in authority:
            return _refused("it names a user or a password, which are not sent.")
        split = _AUTHORITY.fullmatch(authority)
        if split is None or int(split["port"] or 1) > 65535:
            return _refused(
                "its host and port cannot be told apart with certainty; write host:port, the port from 1 to 65535."
            )
        port = int(split["port"] or _PORTS[found["scheme"].lower()])
        host = split["host"].lower()
        if host.startswith("["):
            verdict = self._judge_literal(host[1:-1], port, is_bracketed=True)
        else:
            verdict = self._judge_host(host, port)
        return verdict._replace(host=host.strip("[]"), port=port) if verdict.reach is not Reach.REFUSED else verdict

    def _judge_host(self, host: str, port: int) -> Verdict:
        if not host.isascii():
            return _refused("its host holds other characters than ASCII; write an international name in its xn-- form.")
        if host.endswith("."):
            return _refused("its host ends with a dot; leave the dot out.")
        labels = host.split(".")
        if _NUMERIC.fullmatch(labels[-1]):
            return self._judge_literal(host, port, is_bracketed=False)
        if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
            return _refused("its host is no host name.")
        return self._judge_name(host, port)

    def _judge_name(self, name: str, port: int) -> Verdict:
        if name in self.names:
            return Verdict(Reach.OPEN)
        if name in _METADATA_NAMES:
            return _refused("its host hands out a cloud's credentials; it is called only where it is opened by name.")
        if name == "localhost" or name.endswith(".localhost"):
            return _refused(_OWN) if port in self.own_ports else Verdict(Reach.OPEN)
        return Verdict(Reach.OPEN) if self.networks else _outside(name)

    def _judge_literal(self, text: str, port: int, *, is_bracketed: bool) -> Verdict:
        if "%" in text:
            return _refused("its host holds a zone or an escape; write the bare IP address.")
        try:
            ip: IPAddress = IPv6Address(text) if is_bracketed else IPv4Address(text)
        except ValueError:
            return _refused("its host is an unusual spelling of an IP address; write it as 127.0.0.1 or [::1].")
        never = self._never(ip)
        if never:
            return _refused(never)
        if ip.is_loopback and port in self.own_ports:
            return _refused(_OWN)
        return Verdict(Reach.OPEN) if self.allows(ip) else _outside(str(ip))

    def _never(self, ip: IPAddress) -> str:
        """Say why an IP address is never connected to, whichever range was opened; "" where it may be."""
        if is_embedding(ip):
            return "its host is an IPv6 address that stands for an IPv4 one; write the IPv4 address."
        if ip in _METADATA and ip not in self._single_addresses:
            return "its host hands out a cloud's credentials; it is called only where exactly this address is opened."
        is_odd = ip in _THIS_NETWORK or (ip in _RESERVED and ip not in self._single_addresses)
        if ip.is_unspecified or ip.is_multicast or is_odd:
            return "its host is not the address of one machine."
        return ""

    @property
    def _single_addresses(self) -> frozenset[IPAddress]:
        return frozenset(network[0] for network in self.networks if network.num_addresses == 1)

    def allows(self, ip: IPAddress, name: str = "") -> bool:
        """Say whether an IP address may be connected to.

        Args:
            ip: the address, as it is about to be connected to.
            name: the host name that stands for it, or "" where the IP address itself was written.
        """
        if self._never(ip):
            return False
        return ip.is_loopback or name in self.names or any(ip in network for network in self.networks)


_OWN = "the mock itself listens there."


def _refused(reason: str) -> Verdict:
    return Verdict(Reach.REFUSED, reason)


def _outside(host: str) -> Verdict:
    return Verdict(Reach.OUTSIDE, f"not allowed: --allow-outbound {host} would open it")


def is_embedding(ip: IPAddress) -> bool:
    """Say whether an IPv6 address stands for an IPv4 one, and so for another place than it seems."""
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return False
    return any(ip in network for network in _EMBEDDING) or ip.packed[8:12] in _LOCAL_IDENTIFIERS


def read_opening(text: str) -> str | Network:
    """Read what should be opened: a host name in lower case, or a range of IP addresses.

    Raises:
        BadOpening: it is neither; says what is expected.
    """
    bare = text.strip().lower()
    try:
        return ip_network(bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare)
    except ValueError:
        labels = bare.split(".")
        if len(bare) > _LONGEST_NAME or _NUMERIC.fullmatch(labels[-1]) or not all(map(_LABEL.fullmatch, labels)):
            raise BadOpening(
                f"{text!r} is neither a host name such as files.example.com nor IP addresses such as 10.0.0.0/8"
            ) from None
        return bare
