"""No address whatever makes the mock leave its machine: tried in a network where every address has a listener."""

import json
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest

from tests.support.trap import DENIED, REDIRECTS, SPELT

METADATA = {"169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"}
FIELDS = {"webhookURL", "uploadEndpoint", "frameImages", "imageUpload", "mediaStorage"}
PATIENCE_S = 300


@lru_cache(maxsize=1)
def tempted(*openings: str) -> Any:
    """Serve a mock in a network of its own, tempt it, and return what was seen. Fails where that cannot be done."""
    for program, package in (("unshare", "util-linux"), ("ip", "iproute2")):
        assert shutil.which(program), f"{program} is missing: apt-get install {package}, or run make test, which does"
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    command = [*namespace, sys.executable, "-m", "tests.support.trap", *openings]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, (
        f"no network namespace could be tried, which takes root or unprivileged user namespaces: {done.stderr}"
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("openings", "reached"),
    [
        ((), set()),
        (("10.0.0.0/8",), {"10.1.2.3"}),
        (("0.0.0.0/0", "::/0"), {*DENIED, "fd12::7", "2001:db8::5", "2606:2800:220:1::7"} - METADATA),
        (("169.254.169.254",), {"169.254.169.254"}),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, tuple) else "",
)
def test_nobody_outside_the_policy_is_contacted(openings: tuple[str, ...], reached: set[str]) -> None:
    """In every field, every spelling of every address, and every redirect: only what is open is ever connected to."""
    seen = tempted(*openings)
    assert all(seen["works"].values()), "the traps do not work"
    assert {place for place, _ in seen["caught"]} == reached
    assert not any("/stolen" in line for _, line in seen["caught"])
    for code in REDIRECTS:
        assert {f"{method} /redirect{code} HTTP/1.1" for method in ("GET", "POST", "PUT")} <= set(seen["good"])
    tricky = {name: told for name, told in seen["told"].items() if name.partition(": ")[0] in SPELT}
    assert len(tricky) > 250
    for name, told in tricky.items():
        assert told.keys() == FIELDS, name
        assert "accepted" not in told.values(), name
    plain = {name: told for name, told in seen["told"].items() if name.endswith("plainly")}
    for name, told in plain.items():
        is_secret = name.partition(",")[0] in METADATA - set(openings)
        assert (told["webhookURL"], told["uploadEndpoint"]) == (
            ("invalidWebhookURL", "invalidUploadEndpoint") if is_secret else ("accepted", "accepted")
        ), name
