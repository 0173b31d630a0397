"""Turns what an operator can mend into a clear last line and an exit status of 1."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from souk.infra.settings import Settings, SettingsError, load_settings


def settings_or_exit() -> Settings:
    """The process's settings; a wrong one ends the command with the name of its variable."""
    try:
        return load_settings(os.environ)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def explained(*kinds: type[Exception]) -> Iterator[None]:
    """Errors of these kinds end the command with their text alone."""
    try:
        yield
    except kinds as error:
        raise click.ClickException(str(error)) from error
    except ExceptionGroup as group:
        matching, others = group.split(kinds)
        if matching is None or others is not None:
            raise
        raise click.ClickException("\n".join(map(str, _leaves(matching)))) from group


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
