"""A post is always in exactly one of Drafts, Queue, History and Cancelled, whatever happens to it."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.scheduling.walk import Walk, WalkAhead, WalkOnAws


@pytest.mark.parametrize(("walk", "examples"), [(Walk, 25), (WalkAhead, 10), (WalkOnAws, 2)])
def test_a_post_is_in_exactly_one_list_in_every_state_fault_and_clock(walk, examples):
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
