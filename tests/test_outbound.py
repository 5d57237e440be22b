"""The outbound policy: what is refused, what is outside, what is open."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.strategies import web_addresses
from mockserver.config import read_config
from mockserver.outbound import BadOpening, Outbound, Reach, is_embedding, read_opening
from tests.support.spellings import tricky_addresses

CLOSED = Outbound()
#: A policy that opens as much as ranges can.
WIDE = Outbound.opened(["0.0.0.0/0", "::/0"])
DENIED = ("10.1.2.3", "169.254.169.254", "93.184.216.34")
TRICKY = [(ip, name, url) for ip in DENIED for name, url in tricky_addresses(ip, 8080, "127.0.0.1")]


@pytest.mark.parametrize(("ip", "name", "url"), TRICKY, ids=[f"{ip}: {name}" for ip, name, _ in TRICKY])
def test_an_address_that_nobody_honest_writes_is_refused_whatever_is_open(ip: str, name: str, url: str) -> None:
    """Programs read different hosts in such an address, so it is called under no policy."""
    for policy in (CLOSED, WIDE, Outbound.opened([ip])):
        verdict = policy.judge(url)
        assert verdict.reach is Reach.REFUSED, (name, verdict)
        assert verdict.reason.endswith(".")


OPEN = ["localhost", "LOCALHOST", "api.localhost", "127.0.0.1", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]"]
OUTSIDE = [
    *(
        "example.com",
        "a-b.example.com",
        "xn--mnchen-3ya.example",
        "bucket_1.s3.amazonaws.com",
        "intranet",
        "0x7f.example",
    ),
    *("10.0.0.1", "192.168.0.1", "8.8.8.8", "169.254.1.1", "100.64.0.1", "[fe80::1]", "[2001:db8::1]", "[fd00::1]"),
    *("localhost.example.com", "notlocalhost", "127.0.0.1.example.com"),
]


@pytest.mark.parametrize("host", OPEN)
@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "hTTpS"])
def test_this_machine_is_open(host: str, scheme: str) -> None:
    """Loopback may be called, by its name and by every address of it."""
    assert CLOSED.judge(f"{scheme}://{host}:8443/hook?token=a%2Fb#x").reach is Reach.OPEN
    verdict = CLOSED.judge(f"{scheme}://{host}")
    assert (verdict.reach, verdict.port) == (Reach.OPEN, 443 if scheme.lower() == "https" else 80)


@pytest.mark.parametrize("host", OUTSIDE)
def test_everything_else_is_outside_until_it_is_opened(host: str) -> None:
    """An honest address that is not open says what would open it, and that does."""
    verdict = CLOSED.judge(f"https://{host}/x?y=@z:1")
    assert verdict.reach is Reach.OUTSIDE
    opening = verdict.reason.removeprefix("not allowed: --allow-outbound ").removesuffix(" would open it")
    assert Outbound.opened([opening]).judge(f"https://{host}/").reach is Reach.OPEN


@given(web_addresses())
def test_addresses_like_those_of_webhooks_are_never_refused(url: str) -> None:
    """What the generator takes for a webhook's address is honest."""
    assert CLOSED.judge(url).reach in (Reach.OPEN, Reach.OUTSIDE)


@given(
    st.one_of(st.text(max_size=80), st.text("http:/.@[]%\\#?0x127.", max_size=40).map(lambda text: f"http://{text}"))
)
def test_the_policy_has_an_answer_to_any_text(url: str) -> None:
    """No text makes it raise, and what it takes for open it names a host and a port of."""
    verdict = WIDE.judge(url)
    assert (verdict.reach is Reach.REFUSED) == (verdict.host == "")
    assert verdict.reach is Reach.REFUSED or 1 <= verdict.port <= 65535


METADATA = ["169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "fd00:ec2::254"]


@pytest.mark.parametrize("ip", METADATA)
def test_a_metadata_address_is_opened_by_itself_alone(ip: str) -> None:
    """Where a cloud hands out credentials no range leads, only the exact address."""
    url = f"http://[{ip}]/latest" if ":" in ip else f"http://{ip}/latest"
    for policy in (CLOSED, WIDE, Outbound.opened([f"{ip}/31" if ":" not in ip else f"{ip}/127"])):
        assert policy.judge(url).reach is Reach.REFUSED
        assert not policy.allows(ip_address(ip))
        assert not policy.allows(ip_address(ip), "files.example.com")
    assert Outbound.opened([ip]).judge(url).reach is Reach.OPEN
    assert Outbound.opened([ip]).allows(ip_address(ip))


def test_a_metadata_name_is_opened_by_itself_alone() -> None:
    """The name of such a place is no way around."""
    url = "http://metadata.google.internal/computeMetadata/v1/"
    assert WIDE.judge(url).reach is Reach.REFUSED
    assert Outbound.opened(["metadata.google.internal"]).judge(url).reach is Reach.OPEN


@pytest.mark.parametrize(
    ("ip", "name", "is_allowed"),
    [
        ("127.0.0.1", "rebound.example", True),
        ("::1", "", True),
        ("10.1.2.3", "", True),
        ("10.1.2.3", "files.example.com", True),
        ("192.168.1.1", "files.example.com", True),
        ("192.168.1.1", "other.example.com", False),
        ("192.168.1.1", "", False),
        ("169.254.169.254", "files.example.com", False),
        ("::ffff:127.0.0.1", "localhost", False),
        ("::ffff:10.1.2.3", "files.example.com", False),
        ("64:ff9b::7f00:1", "files.example.com", False),
        ("2002:7f00:1::", "files.example.com", False),
        ("0.0.0.0", "files.example.com", False),
        ("::", "files.example.com", False),
        ("224.0.0.1", "files.example.com", False),
        ("ff02::1", "files.example.com", False),
    ],
)
def test_what_a_name_stands_for_is_held_against_the_policy(ip: str, name: str, is_allowed: bool) -> None:
    """A host that was opened by name may stand for any machine, but for none that is never reached."""
    policy = Outbound.opened(["10.0.0.0/8", "Files.Example.com"])
    assert policy.allows(ip_address(ip), name) is is_allowed


def test_the_mock_is_no_target_of_its_own() -> None:
    """Its port on this machine is refused under every name; the same port elsewhere is not its own."""
    policy = Outbound.opened(["10.0.0.0/8"])
    policy.own_ports.add(8080)
    for host in OPEN:
        assert policy.judge(f"http://{host}:8080/v1").reach is Reach.REFUSED
        assert policy.judge(f"http://{host}:8081/v1").reach is Reach.OPEN
    assert policy.judge("http://10.0.0.1:8080/v1").reach is Reach.OPEN


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1/8",
        "10.0.0",
        "0x7f.1",
        "a b",
        "",
        "*.example.com",
        "http://a",
        "a:80",
        "[::1",
        "é.example",
        "-a.example",
    ],
)
def test_what_cannot_be_opened_is_told(text: str) -> None:
    """Neither a name nor a range: whoever sets it learns what is expected."""
    with pytest.raises(BadOpening, match="neither a host name such as"):
        read_opening(text)


def test_the_setting_takes_names_addresses_and_ranges() -> None:
    """What may be repeated on the command line arrives in the policy in one spelling."""
    config = read_config({"allow-outbound": ["10.0.0.0/8", "Files.Example.com", "[fd00::1]", "10.1.1.1"]}, {})
    assert config.allow_outbound == ("10.0.0.0/8", "files.example.com", "fd00::1/128", "10.1.1.1/32")
    assert read_config({}, {"RUNWARE_MOCK_ALLOW_OUTBOUND": "10.0.0.0/8, a.b"}).allow_outbound == ("10.0.0.0/8", "a.b")


def test_ordinary_addresses_stand_for_themselves() -> None:
    """Loopback and plain addresses of both families embed nothing."""
    assert not any(
        is_embedding(ip_address(ip)) for ip in ("::1", "::", "127.0.0.1", "2001:db8::1", "fe80::1", "fd00::1")
    )
