"""One hook run of the probe: it takes the payload and says which event it was for, where the event may be told things.

Started as `python3 -I -S probe.py [EVENT]`. What the payload holds and what the hook's environment is, the tap around
it records. Without an EVENT it says nothing: an answer of Stop would make some hosts go on for ever.
"""

import sys


def main(argv: list[str]) -> None:
    sys.stdin.buffer.read()
    for event in argv:
        said = f'{{"hookEventName": "{event}", "additionalContext": "PROBE {event}"}}'
        print(f'{{"hookSpecificOutput": {said}}}')


if __name__ == "__main__":
    main(sys.argv[1:])
