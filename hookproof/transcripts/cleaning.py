"""Takes out of a transcript's texts what is the user's own: folders, names, addresses, secrets."""

from __future__ import annotations

import re

HIDDEN = "<secret>"
_SECRETS = (
    re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|hf_|npm_|AKIA|ASIA|AIza)[A-Za-z0-9_-]{12,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_NAMED = re.compile(
    r"(?i)((?:[A-Z0-9_]*(?:api_?key|token|secret|passw(?:or)?d|credential)[A-Z0-9_]*)[\"']?\s*[=:]\s*[\"']?|\bBearer\s+)"
    r"([^\s\"'<>{}$]{6,})"
)
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\+Users\\+)([^/\\\s\"':]+)")
_MARK = re.compile(r"\s*\[hookproof:agent=[^\]]*\]")


class Cleaner:
    """The rules for one transcript. `folder` is where its session was at work."""

    def __init__(self, folder: str | None, texts: list[str]) -> None:
        self._folder = folder.rstrip("/\\") if folder else None
        found = {name for text in [folder or "", *texts] for name in _HOME.findall(text)}
        self._users = sorted((name for name in found if len(name) > 2), key=len, reverse=True)
        self._hidden: set[str] = set()

    @property
    def secrets(self) -> int:
        """How many secrets were found so far."""
        return len(self._hidden)

    def text(self, text: str) -> str:
        """A text without any of it."""
        text = _MARK.sub("", text)
        if self._folder:
            text = text.replace(self._folder + "/", "").replace(self._folder + "\\", "").replace(self._folder, ".")
        for pattern in _SECRETS:
            text = pattern.sub(self._secret, text)
        text = _NAMED.sub(lambda found: found[1] + self._secret(found), text)
        text = _MAIL.sub("user@example.com", text)
        text = _HOME.sub(lambda found: found[0][: found.start(1) - found.start()] + "user", text)
        for name in self._users:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "user", text)
        return text

    def path(self, path: str) -> str | None:
        """The path of a file from the session's folder on; None for one that lies elsewhere."""
        clean = self.text(path).replace("\\", "/")
        inside = not clean.startswith("/") and ".." not in clean.split("/") and ":" not in clean
        return clean if inside else None

    def _secret(self, found: re.Match[str]) -> str:
        self._hidden.add(found[0])
        return HIDDEN
