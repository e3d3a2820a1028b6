"""What every test shares: how Hypothesis searches, that a hangup is heard, how many are played at once.

A gate must say the same twice, on a busy machine too: the default profile is derandomised and is not offended by slow
draws. `--hypothesis-profile=explore` searches anew each time.
"""

from __future__ import annotations

import compileall
import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # under nohup every program that a test starts would ignore it too; a handler is not handed on
    signal.signal(signal.SIGHUP, lambda *_: None)

_REFERENCE = Path(__file__).resolve().parents[1] / "reference"
"""Told by its place: where Wine is only begun, hookproof itself is not installed."""
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("gate", _PATIENT, derandomize=True)
settings.register_profile("explore", _PATIENT)
settings.load_profile("gate")


def pytest_configure(config: pytest.Config) -> None:
    """A copy of the reference brings along what is compiled beside its source; else every case compiles it anew."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(_REFERENCE, quiet=2)


def pytest_collection_finish() -> None:
    """Five thousand items stay until the end: neither the collector nor who looks for a Popen walks them each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """`-n auto` is two tests for each processor, on Linux: half of a test's time is waiting for what it has started."""
    if sys.platform != "linux" or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return 2 * len(os.sched_getaffinity(0))
