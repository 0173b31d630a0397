"""The stage tells what held, and stops at the first claim that does not."""

import io

import pytest
from rich.console import Console

from souk.apps.demo.stage import CheckFailed, Stage


def _stage() -> tuple[Stage, io.StringIO]:
    output = io.StringIO()
    return Stage(Console(file=output, width=80)), output


def test_claims_that_hold_are_counted_and_told() -> None:
    stage, output = _stage()
    with stage.step("A step"):
        stage.check("water is wet", True)
        stage.equal("two is two", 2, 2)
    assert stage.checks == 2
    assert "1. A step" in output.getvalue()
    assert "✓ water is wet" in output.getvalue()


def test_a_claim_that_does_not_hold_ends_the_journey_with_what_was_seen() -> None:
    stage, output = _stage()
    with pytest.raises(CheckFailed, match="two is three: saw '2 instead of 3'"), stage.step("A"):
        stage.equal("two is three", 2, 3)
    assert stage.checks == 0
    assert "✗ two is three" in output.getvalue()


def test_a_failed_step_is_in_the_timetable_too() -> None:
    stage, _ = _stage()
    with pytest.raises(CheckFailed), stage.step("It breaks"):
        stage.check("no", False)
    assert stage.timetable().row_count == 2
