"""Which job a text names."""

from __future__ import annotations

import json

import pytest

from hookproof.model.script import names_job


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("job=a look at it", True),
        ("'job=a'", True),
        ("job=ab", False),
        ("job=a-b", False),
        ("job=a_b", False),
        ("job=ab and job=a", True),
        (json.dumps("Look at it.\njob=a"), True),
        ("a", False),
    ],
)
def test_a_text_names_the_job_whose_whole_name_it_has(text: str, named: bool) -> None:
    assert names_job(text, "a") is named
