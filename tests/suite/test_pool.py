"""The pool: what an interrupt ends, what it leaves as it was, and what a second one does."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hookproof.suite.pool import Pool

SECONDS = 30.0


def test_an_interrupt_cancels_what_plays_and_keeps_the_rest_from_beginning() -> None:
    begun: list[int] = []
    cleared: list[int] = []
    pool = Pool()

    async def case(number: int) -> None:
        begun.append(number)
        if number == 1:
            pool.interrupt()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            cleared.append(number)

    with pytest.raises(KeyboardInterrupt), pool:
        pool.each(lambda number: pool.play(case(number)), range(9), workers=2)

    assert {0, 1} >= set(begun)
    assert sorted(begun) == sorted(cleared)


def test_an_interrupt_after_the_last_case_is_not_forgotten() -> None:
    pool = Pool()
    with pytest.raises(KeyboardInterrupt), pool:
        pool.each(lambda _: pool.interrupt(), range(1), workers=1)


def test_what_a_case_raises_ends_the_rest() -> None:
    async def case(number: int) -> None:
        if number == 0:
            raise ValueError("broken")
        await asyncio.get_running_loop().create_future()

    with pytest.raises(ValueError, match="broken"), Pool() as pool:
        pool.each(lambda number: pool.play(case(number)), range(9), workers=2)


def test_a_cancellation_of_the_case_itself_is_no_interrupt() -> None:
    async def case() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        Pool().play(case())


def test_handlers_are_as_they_were_afterwards() -> None:
    def before(*_: object) -> None:
        raise AssertionError("never sent")

    restored = signal.signal(signal.SIGINT, before)
    try:
        with Pool():
            assert signal.getsignal(signal.SIGINT) is not before
        assert signal.getsignal(signal.SIGINT) is before
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGINT, restored)


def test_who_was_told_to_ignore_interrupts_does() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Pool():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_signals_are_left_alone() -> None:
    def enter() -> object:
        with Pool() as pool:
            pool.each(lambda _: None, range(2), workers=2)
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor() as threads:
        assert threads.submit(enter).result() is signal.getsignal(signal.SIGINT)


STUBBORN = """
import asyncio, threading
from hookproof.suite.pool import Pool
async def case():
    print("plays", flush=True)
    while True:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            print("was asked", flush=True)
with Pool() as pool:
    pool.each(lambda _: pool.play(case()), range(1), workers=1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C needs a console: test_interrupts has one")
def test_who_interrupts_again_is_let_go_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    killing = threading.Timer(SECONDS, process.kill)
    killing.start()
    try:
        assert process.stdout is not None
        for said in ("plays\n", "was asked\n"):
            assert process.stdout.readline() == said
            process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    finally:
        killing.cancel()
        with contextlib.suppress(OSError):
            process.kill()
    assert process.returncode == 130
    assert err.startswith("hookproof: interrupted again;")
    assert len(err.splitlines()) == 1
