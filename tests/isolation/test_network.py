"""Off the network: a canary inside tries every way out, and each ends at once for the reason that it should."""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookproof import processes
from hookproof.hosts.registry import contacts
from hookproof.isolation import entry

CANARY = r"""
import ctypes, errno, json, os, socket, sys
outside = json.loads(sys.argv[1])
seen = {}

def attempt(name, leave):
    try:
        seen[name] = f"got out: {leave()!r}"
    except OSError as error:
        seen[name] = "lookup" if isinstance(error, socket.gaierror) else errno.errorcode[error.errno]

def udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return sender.sendto(b"tweet", (address, 53))

def raw(kind, protocol, address):
    with socket.socket(kind, socket.SOCK_RAW, protocol) as sender:
        return sender.sendto(b"tweet", address)

def unix(path):
    return socket.socket(socket.AF_UNIX).connect(path)

def back():
    with open(f"/proc/{outside['pid']}/ns/net") as door:
        ctypes.CDLL(None).setns(door.fileno(), 0)

attempt("tcp", lambda: socket.create_connection(("192.0.2.1", 443), 5))
attempt("tcp6", lambda: socket.create_connection(("2001:db8::1", 443), 5))
attempt("udp", lambda: udp("192.0.2.1"))
attempt("broadcast", lambda: udp("255.255.255.255"))
attempt("multicast", lambda: udp("224.0.0.251"))
attempt("dns", lambda: socket.getaddrinfo("hookproof.invalid", 443))
attempt("machine's loopback", lambda: socket.create_connection(("127.0.0.1", outside["port"]), 5))
attempt("abstract unix", lambda: unix("\0" + outside["abstract"]))
attempt("resolver", lambda: unix(outside["resolver"]))
attempt("back", back)
if os.geteuid() == 0:
    attempt("raw", lambda: raw(socket.AF_INET, socket.IPPROTO_ICMP, ("192.0.2.1", 0)))
    attempt("packet", lambda: raw(socket.AF_PACKET, 0x0800, (outside["interface"], 0x0800)))
with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
    seen["loopback"] = "connects"
seen["uid"] = os.geteuid()
print(json.dumps(seen))
"""

LET_THE_CANARY_OUT = """
import json, subprocess, sys
from hookproof.isolation.linux import alone
proof = alone.enter([sys.argv[3]])
ran = subprocess.run([sys.executable, "-I", "-S", "-c", *sys.argv[1:3]], capture_output=True, text=True)
print(json.dumps({"proof": proof, "said": ran.stdout, "trouble": ran.stderr}))
"""

LIVE_INSIDE = """
import asyncio, os, secrets, sys
from pathlib import Path
from subprocess import PIPE
from hookproof import processes
from hookproof.loopback import LoopbackServer
from hookproof.isolation import entry

async def main():
    async def serve(reader, writer):
        writer.write(await reader.readline())
    server = LoopbackServer(serve)
    reader, writer = await asyncio.open_connection("127.0.0.1", await server.start())
    writer.write(b"hello\\n")
    assert await reader.readline() == b"hello\\n"
    writer.close()
    await server.stop()
    with processes.CaseProcesses(secrets.token_hex(16)) as group:
        child = await processes.spawn(["sh", "-c", "read x"], env=dict(os.environ), cwd="/", stdin=PIPE, case=group)
        assert [each.identity for each in group.census()] == [child.identity]
        swept = await group.sweep(seconds=10)
        assert [each.identity for each in swept.ended] == [child.identity] and not swept.left
        assert (await child.wait()).signal == 9
        child.close()

if (serve := entry.begin()) is not None:
    raise SystemExit(serve())
assert entry.current().network == "network namespace"
assert processes.become_subreaper()
asyncio.run(main())
Path(sys.argv[1], "written").write_text("yes")
"""

LEAVE_SOMETHING_BEHIND = """
import os, subprocess, sys
from hookproof.isolation.linux import alone
alone.enter()
env = dict(os.environ, HOOKPROOF_TOKEN=sys.argv[1])
print(subprocess.Popen(["sh", "-c", "read x"], env=env, stdout=subprocess.DEVNULL).pid, flush=True)
os._exit(0)
"""


def python(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run([sys.executable, "-c", *words], text=True, check=False, timeout=60, **streams)


@pytest.fixture
def outside() -> Iterator[dict[str, Any]]:
    """What the canary would reach if it were not isolated."""
    name = f"hookproof-{secrets.token_hex(8)}"
    with (
        tempfile.TemporaryDirectory(prefix="hp-") as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_UNIX) as resolver,
    ):
        abstract.bind(f"\0{name}")
        abstract.listen()
        resolver.bind(f"{folder}/socket")
        resolver.listen()
        yield {
            "pid": os.getpid(),
            "port": server.getsockname()[1],
            "abstract": name,
            "folder": folder,
            "resolver": f"{folder}/socket",
            "interface": next((name for _, name in socket.if_nameindex() if name != "lo"), "eth0"),
        }


@pytest.mark.usefixtures("namespaces")
def test_every_way_out_is_closed_for_its_own_reason(outside: dict[str, Any]) -> None:
    done = python(LET_THE_CANARY_OUT, CANARY, json.dumps(outside), outside["folder"])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    seen = json.loads(found["said"] or "{}")
    # a kernel without IPv6 has its own words for it
    assert seen.pop("tcp6", None) in {"ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"}, found["trouble"]
    expected = {
        "tcp": "ENETUNREACH",
        "udp": "ENETUNREACH",
        "broadcast": "ENETUNREACH",
        "multicast": "ENETUNREACH",
        "dns": "lookup",
        "machine's loopback": "ECONNREFUSED",
        "abstract unix": "ECONNREFUSED",
        "resolver": "ENOENT",
        "back": "EACCES",
        "loopback": "connects",
        "uid": os.geteuid(),
    }
    if os.geteuid() == 0:
        expected |= {"raw": "ENETUNREACH", "packet": "ENODEV"}
    assert seen == expected
    assert found["proof"][:2] == ["interfaces: lo", "routes: none but through lo"]
    assert found["proof"][-1] == f"resolvers hidden: {outside['folder']}"


@pytest.mark.usefixtures("namespaces")
def test_what_a_run_needs_works_inside(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 12345)  # root keeps its way with what other users own
    done = python(LIVE_INSIDE, str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "written").read_text() == "yes"
    assert (tmp_path / "written").stat().st_uid == os.geteuid()


@pytest.mark.usefixtures("namespaces")
def test_what_an_isolated_run_left_is_swept_from_outside() -> None:
    token, since = secrets.token_hex(16), processes.instant()
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w"):
        done = python(LEAVE_SOMETHING_BEHIND, token, stdin=reading, stderr=subprocess.DEVNULL)
        swept = processes.sweep(token, since=since, seconds=10)
    assert [str(each.identity.pid) for each in swept.ended] == done.stdout.split()
    assert not swept.left


@pytest.mark.usefixtures("namespaces")
def test_a_second_thread_is_refused_and_nothing_has_happened() -> None:
    script = """
import os, threading
from hookproof.isolation.linux import alone
from hookproof.isolation.linux.refusal import NamespaceError
before = os.readlink("/proc/self/ns/net")
done = threading.Event()
threading.Thread(target=done.wait).start()
try:
    alone.enter()
except NamespaceError as error:
    print(error)
assert os.readlink("/proc/self/ns/net") == before
done.set()
"""
    done = python(script)
    assert done.stdout == "the network can only be left before there is a second thread\n", done.stderr


@pytest.mark.usefixtures("namespaces")
def test_a_refusing_system_is_told_in_one_sentence_that_names_the_setting() -> None:
    # inside a namespace of one's own one may forbid further ones
    script = """
from pathlib import Path
from hookproof.isolation import alone, entry
from hookproof.isolation.linux import alone as for_good
for_good.enter()
for name in ("user", "mnt"):  # root would do without the first
    Path(f"/proc/sys/user/max_{name}_namespaces").write_text("0")
print(alone.refused())
assert entry.begin() is None
assert entry.current().level == "none"
entry.for_real_hosts(allow_network=False)
"""
    sentence = "user.max_user_namespaces is 0 (sysctl user.max_user_namespaces=1000 allows it)"
    done = python(script)
    assert done.stdout.rstrip().endswith(sentence), done.stderr
    assert done.stderr.rstrip().endswith(f"{sentence}; {entry.ALLOW}")


@pytest.mark.usefixtures("namespaces")
def test_a_socket_from_outside_is_not_handed_on() -> None:
    script = """
import os, subprocess, sys
from hookproof.isolation.linux import alone
alone.enter()
number = int(sys.argv[1])
look = f"import os; os.fstat({number})"
print(subprocess.run([sys.executable, "-c", look], close_fds=False, stderr=subprocess.DEVNULL).returncode)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = python(script, str(server.fileno()), pass_fds=[server.fileno()])
        assert done.stdout == "1\n", done.stderr
        done = python("from hookproof.isolation.linux import alone; alone.enter()", stdin=server)
        assert "standard stream 0 is a network socket" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are Linux's")
@pytest.mark.parametrize(
    ("setting", "value", "number", "root", "expected"),
    [
        ("kernel/unprivileged_userns_clone", "0", errno.EPERM, False, "kernel.unprivileged_userns_clone is 0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", errno.EPERM, False, "_unprivileged_userns is 1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", errno.EPERM, True, "the seccomp or AppArmor profile"),
        ("user/max_net_namespaces", "0", errno.ENOSPC, True, "user.max_net_namespaces is 0"),
        ("user/max_user_namespaces", "9", errno.ENOSPC, False, "is reached"),
        ("user/max_pid_namespaces", "0", errno.ENOSPC, True, "user.max_pid_namespaces is 0"),
        ("user/max_user_namespaces", "9", errno.EINVAL, False, "no user or no network namespaces"),
        ("user/max_user_namespaces", "9", errno.EPERM, False, "the seccomp or AppArmor profile of a container"),
    ],
)
def test_a_refusal_names_what_refuses(
    tmp_path: Path, setting: str, value: str, number: int, root: bool, expected: str
) -> None:
    from hookproof.isolation.linux.refusal import refusal

    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(f"{value}\n")
    error = OSError(number, os.strerror(number))
    assert expected in refusal(error, "unshare", settings=tmp_path, root=root)


def test_allowing_the_network_isolates_nothing_and_says_whom_hosts_know() -> None:
    found = entry.for_real_hosts(allow_network=True)
    assert (found.network, found.proof) == ("none", ())
    assert "a plugin can reach the network" in found.not_prevented
    assert found.open
    assert [line.partition(":")[0] for line in contacts()] == ["Claude Code", "Codex"]


def test_where_there_are_no_namespaces_proxies_lead_to_a_closed_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr(entry, "_CLOSED", silent.getsockname())
        found = entry.closed_proxy()
        assert found.network == "closed proxy"
        assert found.warning is not None
        assert found.environment["HTTPS_PROXY"] == "http://127.0.0.1:9"
        assert "127.0.0.1" in found.environment["NO_PROXY"]
        silent.listen()
        with pytest.raises(entry.IsolationError, match="something listens on 127"):
            entry.closed_proxy()
