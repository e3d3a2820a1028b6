"""Every hook of this plugin. Reads the event from stdin, and says on stdout what the host is to do, or nothing.

The file `policy` names the way to behave; README.md has the list.
"""

import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = "hooks"
RULE = "House rule: every answer names its source."
TELLS = '{"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "%s"}}'
BLOCKS = '{"decision": "block", "reason": "Look once more whether the answer names its source."}'


def main() -> int:
    with open(os.path.join(ROOT, "policy"), encoding="utf-8") as file:
        policy = file.read().strip()
    # compact or not, as the host writes it
    event = sys.stdin.read().replace('": ', '":')
    if policy == "own-folder" and os.path.basename(ROOT) != FOLDER:
        print(f"No module named {FOLDER!r}", file=sys.stderr)
        return 1
    if '"hook_event_name":"SessionStart"' in event:
        print(TELLS % (RULE * 300 if policy == "floods" else RULE))
        if policy == "leaves-process":
            leave()
    elif '"hook_event_name":"Stop"' in event:
        if policy == "never-lets-go" or '"stop_hook_active":false' in event:
            print(BLOCKS)
    elif '"hook_event_name":"SessionEnd"' in event and policy == "slow-end":
        work()
    return 0


def leave() -> None:
    """Start something that outlives every session."""
    code = "import time; time.sleep(600)"
    python = sys.executable or "python3"
    if sys.platform == "win32":
        os.spawnv(os.P_DETACH, python, [f'"{python}"', "-I", "-S", "-c", f'"{code}"'])  # noqa: S606 - on purpose
        return
    with open(os.devnull, "r+b") as nothing:
        actions = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), number) for number in (0, 1, 2)]
        os.posix_spawnp(python, [python, "-I", "-S", "-c", code], os.environ, file_actions=actions, setsid=True)


def work() -> None:
    """Save a file of the project's, which takes longer than Claude Code waits at the end of a session."""
    if os.path.exists("to-save.md") and "CLAUDE_PROJECT_DIR" in os.environ:
        time.sleep(600)


if __name__ == "__main__":
    sys.exit(main())
