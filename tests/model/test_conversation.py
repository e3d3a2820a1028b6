"""What is new in a request: a host sends its whole history again each time, and joins it a little differently."""

from __future__ import annotations

from hookproof.model.conversation import Conversation


def new(conversation: Conversation, *texts: str) -> list[str]:
    return [text.text for text in conversation.news([("user", text) for text in texts], {})[0]]


def test_only_what_was_not_there_before_is_new() -> None:
    conversation = Conversation()
    assert new(conversation, "a", "b") == ["a", "b"]
    assert new(conversation, "a", "b", "a") == ["a"]


def test_the_line_feed_that_joins_a_block_with_the_next_makes_no_new_text() -> None:
    conversation = Conversation()
    assert new(conversation, "context\n", "prompt") == ["context\n", "prompt"]
    assert new(conversation, "context", "prompt\n", "answer") == ["answer"]
    assert new(conversation, "context", "context\n", "prompt", "answer") == ["context"]


def test_of_a_conversation_that_is_resumed_what_its_host_dropped_can_be_told_anew() -> None:
    conversation, asked, said = Conversation(), ("user", "prompt"), ("assistant", "answer")
    conversation.news([("user", "context"), asked], {})
    conversation.news([("user", "context"), asked, said], {})
    conversation.resumed()
    texts, _ = conversation.news([asked, said, ("user", "context"), ("user", "again")], {})
    assert [text.text for text in texts] == ["context", "again"]
    assert conversation.forgotten == ["context"]
    assert conversation.news([asked, said, ("user", "context"), ("user", "again")], {})[0] == []


def test_of_a_conversation_that_is_resumed_the_history_is_no_news() -> None:
    conversation, said = Conversation(), ("assistant", "answer")
    conversation.news([("user", "context"), said], {})
    conversation.resumed()
    assert conversation.news([("user", "context"), said], {})[0] == []


def test_what_a_parent_was_told_is_inherited_once() -> None:
    parent = Conversation()
    new(parent, "policy")
    child = Conversation(parent)
    texts, _ = child.news([("user", "policy\n"), ("user", "policy")], {})
    assert [bool(text.inherited) for text in texts] == [True, False]


def test_after_a_summary_all_that_is_said_is_new_unless_the_host_keeps_it() -> None:
    conversation = Conversation()
    conversation.news([("user", "rules"), ("assistant", "done")], {})
    conversation.summed_up()
    texts, _ = conversation.news([("user", "in short"), ("user", "rules")], {})
    assert [text.text for text in texts] == ["in short", "rules"]
