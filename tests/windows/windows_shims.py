"""Programs that behave as on Windows, on any POSIX system: `taskkill`, and the bash of Git for Windows.

`taskkill` writes down the words that reach it and answers what it is told to. `bash` does to the words of a command
what Git's does before it starts a Windows program: one that begins with a single slash is taken for a path of its own
and becomes a Windows path ([R]: the answers below are those of public reports; nobody has measured them here).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

GONE = {
    "english": b'ERROR: The process "123" not found.\r\n',
    "german": 'FEHLER: Der Prozess "123" wurde nicht gefunden.\r\n'.encode("cp850"),
    "french": 'Erreur : le processus "123" est introuvable.\r\n'.encode("cp850"),
    "japanese": 'エラー: プロセス "123" が見つかりませんでした。\r\n'.encode("cp932"),
}
"""What `taskkill` says with exit status 128, in the code page of its console."""
DENIED = b"ERROR: The process with PID 123 could not be terminated.\r\nReason: Access is denied.\r\n"
ENDED = b"SUCCESS: The process with PID 123 (child process of PID 7) has been terminated.\r\n"

_TASKKILL = """
import json, os, signal, sys
told = json.load(open({told!r}))
with open({calls!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
words = [word.upper() for word in sys.argv[1:]]
wrong = [word for word, upper in zip(sys.argv[1:], words) if upper not in ("/PID", "/T", "/F") and not word.isdigit()]
if wrong:
    sys.stderr.write(f"ERROR: Invalid argument/option - '{{wrong[0]}}'.\\nType \\"TASKKILL /?\\" for usage.\\n")
    sys.exit(1)
if told["kills"]:
    os.kill(int(words[words.index("/PID") + 1]), signal.SIGKILL)
stream = sys.stderr if told["exit"] else sys.stdout
stream.buffer.write(bytes.fromhex(told["text"]))
sys.exit(told["exit"])
"""

_BASH = """
import os, re, shlex, sys

def converted(word):
    if os.environ.get("MSYS_NO_PATHCONV") or not word.startswith("/"):
        return word
    if word.startswith("//"):
        return word[1:]
    drive = re.fullmatch("/([A-Za-z])(/.*)?", word)
    return drive[1] + ":" + (drive[2] or "/") if drive else "C:/Program Files/Git" + word

assert sys.argv[1] == "-c", sys.argv
program, *words = shlex.split(sys.argv[2])
if program == "taskkill":  # the only Windows program here; to its own kind bash hands words as they are
    words = [converted(word) for word in words]
os.execvp(program, [program, *words])
"""


class Shims:
    """A folder of the two programs, for the front of PATH."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "shims"
        self.bin.mkdir()
        self._calls, self._told = folder / "calls.jsonl", folder / "told.json"
        self.bash = self._program("bash", _BASH)
        self._program("taskkill", _TASKKILL.format(told=str(self._told), calls=str(self._calls)))
        self.answer(0, ENDED)

    def answer(self, status: int, text: bytes = b"", *, kills: bool = False) -> None:
        """What `taskkill` answers from now on, and whether it does what it is asked."""
        self._told.write_text(json.dumps({"exit": status, "text": text.hex(), "kills": kills}), encoding="utf-8")

    def calls(self) -> Sequence[list[str]]:
        """The words of every call of `taskkill` so far."""
        if not self._calls.exists():
            return []
        return [json.loads(line) for line in self._calls.read_text(encoding="utf-8").splitlines()]

    def _program(self, name: str, text: str) -> Path:
        (self.bin / name).write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
        (self.bin / name).chmod(0o755)
        return self.bin / name
