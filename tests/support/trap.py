"""A network with traps: run as a program in a network namespace of its own, it tempts a mock to leave its machine.

Addresses of clouds, of private networks and of the internet are real here: they lie on the loopback device of the
namespace, and whoever connects to one of them, at any of the trapped ports, is written down. The mock is served here
as users serve it; every field that takes an address is sent every spelling of every address. In the end a line of
JSON says what was answered and who was contacted.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from threading import Event, Thread
from typing import Any

from tests.support.server import Served, served
from tests.support.spellings import tricky_addresses

DENIED = (
    *("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "10.1.2.3", "172.16.5.4", "192.168.0.7"),
    *("100.64.0.1", "93.184.216.34", "198.51.100.7"),
)
DENIED_6 = ("fd00:ec2::254", "fd12::7", "2001:db8::5", "fe80::7", "2606:2800:220:1::7")
#: Addresses of which the spellings are made.
SPELT = ("169.254.169.254", "10.1.2.3", "93.184.216.34")
PORTS = (80, 443, 8081)
PORT = PORTS[-1]
REDIRECTS = (301, 302, 303, 307, 308)
PATIENCE_S = 60


class Trap:
    """Accepts every connection to the trapped ports, and answers what it is asked to.

    Attributes:
        caught: address and first line of every request that came to another address than loopback.
        good: first lines of those that came to loopback.
    """

    def __init__(self) -> None:
        self.caught: list[tuple[str, str]] = []
        self.good: list[str] = []
        self.has_good = Event()
        for port in PORTS:
            listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256)
            Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            Thread(target=self._serve, args=(listener.accept()[0],), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        here = line.getsockname()[0].removeprefix("::ffff:")
        with line:
            line.settimeout(5)
            try:
                first = line.recv(4096).partition(b"\r\n")[0].decode("latin-1")
            except OSError:
                first = ""
            if not (here.startswith("127.") or here == "::1"):
                self.caught.append((here, first))
                return
            self.good.append(first)
            code = first.split("/")[1].split(" ")[0] if "/redirect" not in first else first.split("/redirect")[1][:3]
            status = code if code.isdigit() and "/redirect" in first else "200"
            target = f"Location: http://10.1.2.3:{PORT}/stolen\r\n" if status != "200" else ""
            line.sendall(f"HTTP/1.1 {status} X\r\n{target}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
            self.has_good.set()


def lay_out() -> None:
    """Give the namespace its addresses."""
    commands = ["link set lo up", *(f"address add {ip}/32 dev lo" for ip in DENIED)]
    embedding = ("64:ff9b::a01:203", "64:ff9b::a9fe:a9fe", "2002:a01:203::1", "2002:a9fe:a9fe::1", "fe80::5efe:a01:203")
    commands += [f"address add {ip}/128 dev lo nodad" for ip in (*DENIED_6, *embedding)]
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)


def addresses() -> Iterator[tuple[str, str]]:
    """Yield every address that is sent, each with a name."""
    for ip in SPELT:
        for name, url in tricky_addresses(ip, PORT, "127.0.0.1"):
            yield f"{ip}: {name}", url
        yield f"{ip} behind a fragment", f"http://127.0.0.1:{PORT}#@{ip}:{PORT}/x"
    for ip in DENIED:
        yield f"{ip}, plainly", f"http://{ip}:{PORT}/x"
        yield f"{ip} at port 80", f"http://{ip}/latest/meta-data"
        yield f"{ip} with TLS", f"https://{ip}/x"
    for ip in DENIED_6:
        yield f"{ip}, plainly", f"http://[{ip}]:{PORT}/x"
    for code in REDIRECTS:
        yield f"a redirect with {code}", f"http://127.0.0.1:{PORT}/redirect{code}"


class Client:
    """Speaks to the mock over one connection."""

    def __init__(self, mock: Served) -> None:
        self._line = HTTPConnection(mock.host, mock.port, timeout=PATIENCE_S)
        self._count = 0

    def ask(self, *tasks: dict[str, Any]) -> dict[str, Any]:
        """Send tasks and return the answer."""
        headers = {"Content-Type": "application/json", "Authorization": "Bearer any"}
        self._line.request("POST", "/v1", json.dumps(tasks), headers)
        answer: dict[str, Any] = json.loads(self._line.getresponse().read())
        return answer

    def submit(self, **parameters: Any) -> tuple[str, str]:
        """Submit a task and return its UUID and what came of it: "accepted", or the code of the error."""
        self._count += 1
        uuid = f"24cd5dff-cb81-4db5-8506-{self._count:012d}"
        task = {"taskType": "videoInference", "taskUUID": uuid, "model": "minimax:3@1", "positivePrompt": "a trap"}
        return uuid, outcome(self.ask({**task, **parameters}))

    def upload(self, **parameters: Any) -> str:
        """Store something and return what came of it."""
        return outcome(self.ask({"taskUUID": "24cd5dff-cb81-4db5-8506-b72a9425f9d1", **parameters}))

    def is_done(self, uuid: str) -> bool:
        """Say whether a task has ended."""
        told = self.ask({"taskType": "getResponse", "taskUUID": uuid})
        return [item["status"] for item in told["data"]] == ["success"]


def outcome(answer: dict[str, Any]) -> str:
    """Return "accepted", or the code of the first error."""
    return str(answer["errors"][0]["code"]) if "errors" in answer else "accepted"


def tempt(client: Client, trap: Trap) -> dict[str, dict[str, str]]:
    """Send every address in every field, wait until everything was tried, and return what each was answered with."""
    told: dict[str, dict[str, str]] = {}
    pending: list[str] = []
    for name, url in addresses():
        fields: dict[str, dict[str, Any]] = {
            "webhookURL": {"webhookURL": url},
            "uploadEndpoint": {"uploadEndpoint": url},
        }
        fields["frameImages"] = {"inputs": {"frameImages": [{"image": url, "frame": "first"}]}}
        told[name] = {}
        for field, parameters in fields.items():
            uuid, told[name][field] = client.submit(**parameters)
            pending += [uuid] if told[name][field] == "accepted" else []
        told[name]["imageUpload"] = client.upload(taskType="imageUpload", image=url)
        told[name]["mediaStorage"] = client.upload(taskType="mediaStorage", operation="upload", media=url)
    while pending:
        pending = [uuid for uuid in pending if not client.is_done(uuid)]
    client.submit(webhookURL=f"http://localhost:{PORT}/the-last-one")
    while not any("the-last-one" in line for line in trap.good):
        trap.has_good.wait(PATIENCE_S)
        trap.has_good.clear()
    return told


def is_caught(trap: Trap, ip: str) -> bool:
    """Connect to an address by hand, and say whether the trap saw it."""
    with socket.create_connection((ip, PORT), timeout=5) as line:
        line.sendall(b"GET /by-hand HTTP/1.1\r\n\r\n")
        line.recv(1)
    found = [place for place, first in trap.caught if "/by-hand" in first]
    trap.caught.clear()
    return found == [ip]


def main(openings: Sequence[str]) -> None:
    """Lay out the network, serve a mock with some openings, tempt it, and tell."""
    lay_out()
    trap = Trap()
    works = {ip: is_caught(trap, ip) for ip in (*DENIED, *DENIED_6[:3], "64:ff9b::a01:203", "2002:a01:203::1")}
    options = ["--speed", "instant", "--log", "quiet", "--media", "prerendered", "--webhook-attempts", "1"]
    for opening in openings:
        options += ["--allow-outbound", opening]
    with served(*options) as mock:
        told = tempt(Client(mock), trap)
    print(json.dumps({"works": works, "told": told, "caught": trap.caught, "good": trap.good}))


if __name__ == "__main__":
    main(sys.argv[1:])
