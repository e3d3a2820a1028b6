"""The launcher that the hooks tell agents of: `workflow.py authoring KIND` prints the path of that kind's page.

A project's own page, `.workflow/authoring/KIND.md`, wins over the plugin's.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from workflow_lib import policy, project


def main(argv: list[str]) -> int:
    config = project.config_for(os.getcwd())
    folders = [os.path.join(policy.PLUGIN_ROOT, "authoring")]
    if config:
        folders.insert(0, os.path.join(config.root, ".workflow", "authoring"))
    pages = {name: os.path.join(folder, name) for folder in reversed(folders) for name in _pages(folder)}
    if len(argv) != 2 or argv[0] != "authoring" or f"{argv[1]}.md" not in pages:
        kinds = "|".join(sorted(name.removesuffix(".md") for name in pages))
        print(f"usage: workflow.py authoring {kinds}", file=sys.stderr)
        return 2
    print(pages[f"{argv[1]}.md"])
    return 0


def _pages(folder: str) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith(".md")] if os.path.isdir(folder) else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
