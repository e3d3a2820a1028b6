"""CTX-13 and CTX-14: which of the nine slots names an agent, whatever else is in them."""

from __future__ import annotations

import itertools

import pytest
from workflow_world import Json, rollout

TOP = [("top", key) for key in ("agent_name", "agent_role", "agent_nickname", "agent_path")]
SUBAGENT = [("subagent", key) for key in ("agent_name", "agent_role", "agent_nickname")]
SPAWN = [("thread_spawn", key) for key in ("agent_name", "agent_role")]
ORDER = [*TOP, *SUBAGENT, *SPAWN]
NOT_A_NAME: list[object] = [None, "", "  ", 7, True, ["issue-planner"], {"name": "issue-planner"}]


def meta_with(slots: dict[tuple[str, str], object], nickname: object = "Zed") -> Json:
    """Metadata with something in each of these slots, and a nickname that the host drew."""
    parts: dict[str, Json] = {"top": {}, "subagent": {}, "thread_spawn": {"agent_nickname": nickname}}
    for (part, key), value in slots.items():
        parts[part][key] = value
    return {**parts["top"], "source": {"subagent": {**parts["subagent"], "thread_spawn": parts["thread_spawn"]}}}


@pytest.mark.parametrize("drawn_selects", [False, True])
def test_the_first_slot_that_has_a_name_decides_whichever_slots_have_one(drawn_selects: bool) -> None:
    for filled in itertools.product([False, True], repeat=len(ORDER)):
        slots: dict[tuple[str, str], object] = {
            slot: "/".join(slot) for slot, is_filled in zip(ORDER, filled, strict=True) if is_filled
        }
        expected = next(iter(slots.values()), "")
        assert rollout.agent_name(meta_with(slots), drawn_selects) == expected


@pytest.mark.parametrize("filling", NOT_A_NAME, ids=repr)
def test_what_is_no_name_is_passed_over_in_every_slot(filling: object) -> None:
    for position, slot in enumerate(ORDER):
        before: dict[tuple[str, str], object] = dict.fromkeys(ORDER[:position], filling)
        assert rollout.agent_name(meta_with({**before, slot: "issue-planner"}), False) == "issue-planner"


@pytest.mark.parametrize("drawn_selects", [False, True])
def test_thread_spawns_own_nickname_never_selects(drawn_selects: bool) -> None:
    assert rollout.agent_name(meta_with({}, nickname="issue-planner"), drawn_selects) == ""


@pytest.mark.parametrize("slot", [("top", "agent_nickname"), ("subagent", "agent_nickname")])
def test_a_nickname_that_the_host_drew_is_passed_over_where_it_is_repeated(slot: tuple[str, str]) -> None:
    drawn = meta_with({slot: "issue-planner"}, nickname="issue-planner")
    assert rollout.agent_name(drawn, False) == ""
    assert rollout.agent_name(drawn, True) == "issue-planner"
    given = meta_with({slot: "issue-planner"}, nickname="Zed")
    assert rollout.agent_name(given, False) == "issue-planner"


def test_a_drawn_nickname_does_not_hide_the_slots_after_it() -> None:
    slots: dict[tuple[str, str], object] = {("top", "agent_nickname"): "Zed", ("thread_spawn", "agent_role"): "worker"}
    assert rollout.agent_name(meta_with(slots, nickname="Zed"), False) == "worker"


@pytest.mark.parametrize("source", [None, "exec", 5, [], {}, {"subagent": "review"}, {"subagent": {"thread_spawn": 5}}])
def test_sources_without_a_spawn_name_nobody(source: object) -> None:
    assert rollout.agent_name({"source": source}, False) == ""
    assert rollout.parent_thread_id({"source": source}) == ""


def test_a_review_has_no_parent_though_0_169_writes_one() -> None:
    assert rollout.parent_thread_id({"source": {"subagent": "review"}, "parent_thread_id": "root"}) == ""
