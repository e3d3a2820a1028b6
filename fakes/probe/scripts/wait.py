"""A command that a host's shell runs for as long as the scenario wants, and that tells what ended it.

`wait.py job=NAME` asks the scripted model for that job and waits for the answer, which the harness holds back. A
signal that can be caught is told, with the process that sent it, before the command dies of it; a death without a
word is one that could not be caught.
"""

import _thread
import json
import os
import signal
import socket
import sys
from urllib.parse import urlsplit

SECONDS = 5.0
CAUGHT = [number for name in ("SIGTERM", "SIGINT", "SIGHUP") if (number := getattr(signal, name, None)) is not None]


def main(job: str) -> None:
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, CAUGHT)
        _thread.start_new_thread(be_ended, (job,))
    tell({"kind": "probe.waits", "job": job.partition("=")[2], "pid": os.getpid()})
    ask(job)
    print("The command is done.")


def be_ended(job: str) -> None:
    told = signal.sigwaitinfo(CAUGHT)
    name = signal.Signals(told.si_signo).name
    tell({"kind": "probe.signalled", "job": job.partition("=")[2], "signal": name, "sender": told.si_pid})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CAUGHT)
    os.kill(os.getpid(), told.si_signo)


def tell(record: dict[str, object]) -> None:
    host, _, port = os.environ["HOOKPROOF_RECORDER"].rpartition(":")
    with socket.create_connection((host, int(port)), SECONDS) as connection:
        hello = {"token": os.environ.get("HOOKPROOF_TOKEN"), "source": "probe", "pid": os.getpid()}
        for each in (hello, record):
            connection.sendall(json.dumps(each).encode() + b"\n")
            connection.recv(1)


def ask(job: str) -> None:
    model = urlsplit(os.environ["OPENAI_BASE_URL"])
    body = json.dumps({"model": "probe", "input": job})
    head = f"POST {model.path}/responses HTTP/1.1\r\nHost: {model.netloc}\r\nConnection: close\r\n"
    head += f"Authorization: Bearer {os.environ.get('OPENAI_API_KEY', '')}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((model.hostname, model.port)) as connection:
        connection.sendall((head + body).encode())
        while connection.recv(4096):
            pass


if __name__ == "__main__":
    main(sys.argv[1])
