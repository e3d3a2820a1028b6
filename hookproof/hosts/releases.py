"""Where real hosts come from: a private cache that npm fills, or a path.

Life of an installation: npm installs into a directory with a temporary name beside its final one, claimed like a run,
so that a killed one is cleared away by the next start; `release.json` is written last; then the directory gets its
final name in one step. So what bears the name of a version is whole, and of two installations at once the first wins.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hookproof import places, processes
from hookproof.hosts import npm, packages
from hookproof.hosts.packages import NAMES, PACKAGES, Host
from hookproof.hosts.session import Program
from hookproof.journal import DeadlineMissedError
from hookproof.stage import isolation, isolation_status
from hookproof.stage.environment import environment, search_path
