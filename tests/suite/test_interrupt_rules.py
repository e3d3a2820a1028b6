"""What a signal does where, a rule each, in processes of their own: a signal is a process's affair."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows cannot send itself these")

BEGIN = """\
import os, signal, sys, time
from hookproof import interrupts
def ask(name="TERM"):
    os.kill(os.getpid(), getattr(signal, "SIG" + name))
interrupts.take()
"""


def played(code: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "status", "how"), [("INT", 130, ""), ("TERM", 143, " by SIGTERM"), ("HUP", 129, " by SIGHUP")]
)
def test_while_nothing_is_at_stake_it_ends_at_once(name: str, status: int, how: str) -> None:
    said = f"hookproof: interrupted{how}; nothing of it is left running\n"
    assert played(f"ask({name!r}); print('went on')") == (status, "", said)


def test_at_the_very_end_it_comes_too_late() -> None:
    assert played("interrupts.over(); ask(); print('went on')") == (0, "went on\n", "")


def test_at_work_it_unwinds_and_the_sentence_says_what_was_done_and_how_to_go_on() -> None:
    code = """
interrupts.going_on = "`hookproof recheck RUN` judges what was played"
try:
    with interrupts.during("it counted"), interrupts.unwinding():
        try:
            ask()
        finally:
            print("cleared away")
except interrupts.Interrupted as error:
    sys.exit(interrupts.told(error))
"""
    said = (
        "hookproof: interrupted by SIGTERM while it counted; nothing of it is left running; "
        "`hookproof recheck RUN` judges what was played\n"
    )
    assert played(code) == (143, "cleared away\n", said)


def test_one_that_gets_lost_in_a_finaliser_is_raised_all_the_same_and_leaves_no_traceback() -> None:
    code = """
class Finalised:
    def __del__(self):
        ask()
try:
    with interrupts.unwinding():
        Finalised()
        print("went on")
except interrupts.Interrupted as error:
    sys.exit(interrupts.told(error))
"""
    assert played(code) == (143, "went on\n", "hookproof: interrupted by SIGTERM; nothing of it is left running\n")


def test_other_errors_of_finalisers_are_told_as_ever() -> None:
    code = """
class Finalised:
    def __del__(self):
        raise ValueError("lost")
with interrupts.unwinding():
    Finalised()
"""
    status, _, said = played(code)
    assert status == 0
    assert "ValueError: lost" in said


def test_what_belongs_together_is_done_first() -> None:
    code = """
with interrupts.unwinding():
    try:
        with interrupts.held():
            ask()
            print("done")
        print("never")
    except interrupts.Interrupted as error:
        sys.exit(error.number)
"""
    assert played(code) == (signal.SIGTERM, "done\n", "")


def test_a_coroutine_is_cancelled_and_clears_away_uninterrupted() -> None:
    code = """
import asyncio
async def work():
    try:
        ask()
        print("not cut off")
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        print("cleared away")
try:
    interrupts.run(work())
except interrupts.Interrupted as error:
    sys.exit(interrupts.told(error))
"""
    status, out, said = played(code)
    assert (status, out) == (143, "not cut off\ncleared away\n")
    assert said == "hookproof: interrupted by SIGTERM; nothing of it is left running\n"


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [("TERM", "TERM", False), ("HUP", "TERM", False), ("INT", "INT", True), ("TERM", "INT", True)],
)
def test_a_key_pressed_again_ends_it_and_what_one_sender_sends_twice_does_not(
    first: str, second: str, again: bool
) -> None:
    code = f"""
try:
    with interrupts.unwinding():
        try:
            ask({first!r})
        finally:
            ask({second!r})
            print("cleared away", flush=True)
except interrupts.Interrupted as error:
    sys.exit(interrupts.told(error))
"""
    status, out, said = played(code)
    assert status == 128 + getattr(signal, f"SIG{first}")
    assert out == ("" if again else "cleared away\n")
    assert len(said.splitlines()) == 1
    assert said.startswith("hookproof: interrupted again;") == again


def test_some_time_later_a_second_one_is_meant() -> None:
    code = """
clock = time.monotonic
try:
    with interrupts.unwinding():
        try:
            ask()
        finally:
            time.monotonic = lambda: clock() + 5
            ask()
            print("never")
except interrupts.Interrupted as error:
    sys.exit(interrupts.told(error))
"""
    status, out, said = played(code)
    assert (status, out) == (143, "")
    assert said.startswith("hookproof: interrupted again;")


def test_whatever_comes_of_an_interruption_is_told_as_that() -> None:
    code = """
from hookproof import cli
class Verb:
    def execute(parsed):
        try:
            ask()
        finally:
            raise OSError("the clearing failed")
cli._module = lambda verb: Verb
import argparse
sys.exit(cli._carry_out(argparse.Namespace(verb="run")))
"""
    status, _, said = played(code)
    assert status == 143
    assert said == (
        "hookproof: interrupted by SIGTERM while `hookproof run` was at work; "
        "its next run clears away what is left (OSError: the clearing failed)\n"
    )


def test_next_to_nothing_is_imported_before_signals_are_heard() -> None:
    code = (
        "import sys; before = set(sys.modules); import hookproof.interrupts; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    few = {"hookproof", "hookproof.interrupts", "__future__", "errno", "time", "os", "_signal"}
    assert set(done.stdout.split()) <= few
