"""A `codex app-server` for these tests: a turn lasts until the test, on the other end of the gate, says how it ends.

Each turn opens a connection to the gate, introduces itself, and obeys the lines that come back: `say`, `fail`, `leave`
(the server exits in mid-turn), `spawn` (a grandchild, told about by its pid). It ends when its stdin does.
"""

import json
import os
import socket
import subprocess
import sys
import threading

LOCK = threading.Lock()
TURNS: dict[str, socket.socket] = {}


def send(message: dict[str, object]) -> None:
    with LOCK:
        print(json.dumps(message), flush=True)


def end_turn(thread: str, status: str, reason: str | None = None) -> None:
    turn = {"id": f"turn-{thread}", "status": status, "error": {"message": reason} if reason else None}
    send({"method": "turn/completed", "params": {"threadId": thread, "turn": turn}})


def play(thread: str, prompt: str) -> None:
    host, port = os.environ["STAND_IN_GATE"].split(":")
    gate = TURNS[thread] = socket.create_connection((host, int(port)))
    lines = gate.makefile("rw")

    def tell(**facts: object) -> None:
        lines.write(json.dumps(facts) + "\n")
        lines.flush()

    tell(pid=os.getpid(), thread=thread, prompt=prompt)
    for line in lines:
        order = json.loads(line)
        if "say" in order:
            item = {"type": "agentMessage", "text": order["say"]}
            send({"method": "item/completed", "params": {"threadId": thread, "item": item}})
            end_turn(thread, "completed")
        elif "fail" in order:
            end_turn(thread, "failed", order["fail"])
        elif "leave" in order:
            os._exit(order["leave"])
        elif "spawn" in order:
            program = "import threading; print('ready', flush=True); threading.Event().wait()"
            argv = [sys.executable, "-I", "-S", "-c", program]
            detached = order["spawn"] == "detached"
            # without a console and with a group of its own, or with a session of its own
            flags = 0x208 if detached and sys.platform == "win32" else 0
            child = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=detached, creationflags=flags)
            assert child.stdout
            child.stdout.readline()
            tell(pid=child.pid)


def main() -> None:
    threads = 0
    for line in sys.stdin:
        request = json.loads(line)
        method, params = request.get("method"), request.get("params", {})
        if method == "thread/start":
            threads += 1
            send({"id": request["id"], "result": {"thread": {"id": f"thread-{os.getpid()}-{threads}"}}})
        elif method == "turn/start":
            thread = params["threadId"]
            send({"id": request["id"], "result": {"turn": {"id": f"turn-{thread}"}}})
            threading.Thread(target=play, args=(thread, params["input"][0]["text"]), daemon=True).start()
        elif method == "turn/interrupt":
            send({"id": request["id"], "result": {}})
            end_turn(params["threadId"], "interrupted")
            TURNS[params["threadId"]].shutdown(socket.SHUT_RDWR)
        elif "id" in request:
            send({"id": request["id"], "result": {}})
    os._exit(0)


if __name__ == "__main__":
    main()
