"""$CODEX_HOME: what config.toml says, how a client changes it, and how a plugin is installed into it."""

from __future__ import annotations

import importlib
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_hooks_bench import VERSIONS, Bench, Json, config, lifecycle, opened, plugins
from hypothesis import given
from hypothesis import strategies as st

dumps: Any = importlib.import_module("codex_fake.toml_text").dumps
RequestError: Any = importlib.import_module("codex_fake.wire").RequestError
everywhere = pytest.mark.parametrize("world", VERSIONS, indirect=True)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with opened(tmp_path, monkeypatch, getattr(request, "param", "0.169")) as (bench, _):
        yield bench


def test_a_provider_says_where_the_model_is(world: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    monkeypatch.setenv("FAKE_KEY", "dummy")
    empty = config.load()
    assert (empty.base_url, empty.key, empty.model, empty.provider) == ("http://elsewhere/v1", "other", None, "openai")
    provider = '[model_providers.fake]\nbase_url = "http://here/v1"\nenv_key = "FAKE_KEY"\n'
    (world.home / "config.toml").write_text(f'model = "m"\nmodel_provider = "fake"\n{provider}')
    told = config.load()
    assert (told.base_url, told.key, told.model, told.provider) == ("http://here/v1", "dummy", "m", "fake")


def test_roles_are_built_in_or_files(world: Bench) -> None:
    assert config.load().roles == ["default", "explorer", "worker"]
    (world.home / "agents").mkdir()
    (world.home / "agents" / "one.toml").write_text('name = "issue-planner"\ndescription = "d"\n')
    (world.home / "agents" / "two.toml").write_text('description = "d"\n')
    (world.home / "agents" / "readme.md").write_text("no role")
    (world.home / "config.toml").write_text("[agents]\nmax_depth = 2\n[agents.three]\ndescription = 'x'\n")
    found = config.load()
    assert found.roles == ["default", "explorer", "worker", "issue-planner", "two", "three"]
    assert found.agents["issue-planner"]["description"] == "d"
    assert found.table("agents")["max_depth"] == 2


def test_a_config_that_is_no_toml_is_refused_by_name(world: Bench) -> None:
    (world.home / "config.toml").write_text("a = ")
    with pytest.raises(config.ConfigError, match=r"config\.toml"):
        config.load()


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_is_written_reads_back(document: Json) -> None:
    assert tomllib.loads(dumps(document)) == document


def test_a_client_changes_what_it_names_and_nothing_else(world: Bench) -> None:
    (world.home / "config.toml").write_text('# a comment\nmodel = "m"\n[features]\nhooks = true\n')
    answer = world.write("hooks.state", {"/a b:c:0:0": {"trusted_hash": "sha256:x"}})
    assert (answer["status"], answer["filePath"]) == ("ok", str(world.home / "config.toml"))
    world.write("hooks.state", {"/a b:c:0:0": {"enabled": False}, "two": {"trusted_hash": "sha256:a/sha256:b"}})
    state = world.config.table("hooks", "state")
    assert state["/a b:c:0:0"] == {"trusted_hash": "sha256:x", "enabled": False}
    assert state["two"] == {"trusted_hash": "sha256:a", "trusted_content_hash": "sha256:b"}
    world.write("hooks.state", {"two": {}}, "replace")
    assert world.config.table("hooks", "state") == {"two": {}}
    world.write("model", None)
    assert world.config.document == {"features": {"hooks": True}, "hooks": {"state": {"two": {}}}}
    assert not list(world.home.glob("config.toml.*"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "missing field `edits`"),
        ({"edits": 1}, "expected a sequence"),
        ({"edits": [{"keyPath": "a", "value": 1, "mergeStrategy": "zz"}]}, "unknown variant `zz`"),
        ({"edits": [{"value": 1, "mergeStrategy": "upsert"}]}, "missing field `keyPath`"),
    ],
)
def test_an_edit_that_cannot_be_read_changes_nothing(world: Bench, params: Json, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        config.METHODS["config/batchWrite"](params, None)
    assert not (world.home / "config.toml").exists()


@pytest.mark.parametrize("text", ['{"name": "x", "host": "claude", "rows": {}}', None])
def test_without_a_lifecycle_of_codex_this_is_only_a_worker(
    world: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    assert lifecycle.load()["version"] == "0.169.0"
    if text is None:
        monkeypatch.delenv("HOOKPROOF_LIFECYCLE")
    else:
        (tmp_path / "lifecycle.json").write_text(text)
    assert lifecycle.load() is None
    assert world.listed() == []


def test_a_lifecycle_that_cannot_be_read_is_refused_by_name(world: Bench, tmp_path: Path) -> None:
    with pytest.raises(lifecycle.LifecycleError, match="no row 'nonsense'"):
        _ = world.rows["nonsense"]
    for text in ("{", '{"host": "codex"}'):
        (tmp_path / "lifecycle.json").write_text(text)
        with pytest.raises(lifecycle.LifecycleError, match=r"lifecycle\.json"):
            lifecycle.load()


# -- plugins


class Market:
    """A local marketplace with one plugin."""

    def __init__(self, world: Bench, folder: Path, inner: str = ".agents/plugins", **manifest: Any) -> None:
        self.world = world
        self.plugin = folder / "plugins" / "toy"
        self.path = folder / inner / "marketplace.json"
        source: Any = {"source": "local", "path": "./plugins/toy"} if inner == ".agents/plugins" else "./plugins/toy"
        policy = {"installation": "AVAILABLE", "authentication": "ON_USE"}
        offered = {"name": "mk", "plugins": [{"name": "toy", "source": source, "policy": policy}]}
        for path, document in (
            (self.path, offered),
            (self.plugin / ".codex-plugin" / "plugin.json", {"name": "toy", "version": "1.2.3", **manifest}),
        ):
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(document))
        (self.plugin / "script.py").write_text("print('told')")
        (self.plugin / "script.py").chmod(0o755)

    def install(self, **params: Any) -> Json:
        """`plugin/install`, with the feature that old versions need."""
        self.world.write("features.plugin_hooks", True)
        given = {"marketplacePath": str(self.path), "pluginName": "toy", **params}
        answer: Json = plugins.METHODS["plugin/install"](given, None)
        self.world.reload()
        return answer


SEES = 'print(os.environ["PLUGIN_ROOT"], os.environ["CLAUDE_PLUGIN_DATA"], "${CLAUDE_PLUGIN_ROOT}")'


@everywhere
@pytest.mark.parametrize("inner", [".agents/plugins", ".claude-plugin"])
def test_an_installed_plugins_hooks_run_from_the_copy(world: Bench, tmp_path: Path, inner: str) -> None:
    market = Market(world, tmp_path / "market", inner, hooks="./hooks/codex.json")
    world.declare(market.plugin / "hooks" / "codex.json", SessionStart=[SEES])
    world.declare(market.plugin / "hooks" / "hooks.json", SessionStart=["print('not this one')"])
    assert market.install() == {"authPolicy": "ON_USE", "appsNeedingAuth": []}
    copy = world.home / "plugins" / "cache" / "mk" / "toy" / "1.2.3"
    if sys.platform != "win32":  # which has no such bits
        assert (copy / "script.py").stat().st_mode & 0o700 == 0o700
    (market.plugin / "hooks" / "codex.json").unlink()
    assert tomllib.loads((world.home / "config.toml").read_text())["plugins"] == {"toy@mk": {"enabled": True}}
    (hook,) = world.listed()
    assert (hook["key"], hook["source"]) == ("toy@mk:hooks/codex.json:session_start:0:0", "plugin")
    assert world.fire("SessionStart").contexts == []
    world.trust()
    data = world.home / "plugins" / "data" / "toy-mk"
    assert world.fire("SessionStart").contexts == [f"{copy} {data} ${{CLAUDE_PLUGIN_ROOT}}"]
    (started,) = world.told("hook.started")
    assert started["plugin"] == "toy"
    assert started["env"]["CLAUDE_PLUGIN_ROOT"] == started["env"]["PLUGIN_ROOT"] == str(copy)


@everywhere
def test_only_later_versions_trust_the_content_too(world: Bench, tmp_path: Path) -> None:
    market = Market(world, tmp_path / "market")
    world.declare(market.plugin / "hooks" / "hooks.json", SessionStart=["print('told')"])
    market.install()
    world.trust()
    copy = world.home / "plugins" / "cache" / "mk" / "toy" / "1.2.3"
    (copy / "script.pyc").write_bytes(b"left behind")
    assert world.fire("SessionStart").contexts == ["told"]
    (copy / "script.py").write_text("print('changed')")
    later = world.rows.name == "codex-0.169"
    assert world.fire("SessionStart").contexts == ([] if later else ["told"])
    market.install()  # puts the copy right again
    assert world.fire("SessionStart").contexts == ["told"]


@pytest.mark.parametrize("world", ["0.130"], indirect=True)
def test_a_version_that_needs_the_feature_lists_nothing_without_it(world: Bench, tmp_path: Path) -> None:
    market = Market(world, tmp_path / "market")
    world.declare(market.plugin / "hooks" / "hooks.json", SessionStart=["print('told')"])
    market.install()
    assert len(world.listed()) == 1
    for feature in ("plugin_hooks", "plugins"):
        world.write(f"features.{feature}", False)
        assert world.listed() == []
        world.write(f"features.{feature}", True)


COMMAND = {"SessionStart": [{"hooks": [{"type": "command", "command": "${PLUGIN_ROOT}/x $PLUGIN_ROOT"}]}]}


@pytest.mark.parametrize(
    ("declared", "keys"),
    [
        (["./hooks/two.json", "./hooks/hooks.json"], ["hooks/two.json", "hooks/hooks.json"]),
        ("hooks/two.json", ["hooks/hooks.json"]),
        ({"hooks": COMMAND}, ["plugin.json#hooks[0]"]),
        ("./nowhere.json", []),
    ],
)
def test_where_a_manifest_may_say_that_hooks_are(world: Bench, tmp_path: Path, declared: Any, keys: list[str]) -> None:
    market = Market(world, tmp_path / "market", hooks=declared)
    for name in ("two.json", "hooks.json"):
        world.declare(market.plugin / "hooks" / name, **COMMAND)
    market.install()
    listed = world.listed()
    assert [hook["key"] for hook in listed] == [f"toy@mk:{key}:session_start:0:0" for key in keys]
    copy = world.home / "plugins" / "cache" / "mk" / "toy" / "1.2.3"
    assert all(hook["command"] == f"{copy}/x $PLUGIN_ROOT" for hook in listed)
    assert len(world.warnings()) == (0 if keys else 1)


def test_what_cannot_be_installed_is_refused(world: Bench, tmp_path: Path) -> None:
    market = Market(world, tmp_path / "market")
    with pytest.raises(RequestError, match="plugin `nope` was not found in marketplace `mk`"):
        market.install(pluginName="nope")
    with pytest.raises(RequestError, match="without a base path"):
        market.install(marketplacePath="market/.agents/plugins/marketplace.json")
    bare = market.path.rename(tmp_path / "market" / "marketplace.json")
    with pytest.raises(RequestError, match="was not found"):
        market.install(marketplacePath=str(bare))
