"""Forms: fields to contracts, and what is wrong put next to its field in words for people."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar, get_type_hints

import msgspec
from litestar import Request
from litestar.datastructures import State

from souk.kernel.actor import Actor
from souk.kernel.errors import SoukError

T = TypeVar("T", bound=msgspec.Struct)
PageRequest = Request[Actor, None, State]


class ProblemWords(msgspec.Struct, frozen=True):
    """What went wrong, above the form."""

    title: str
    detail: str


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a form as they were typed, and the problem of each field."""

    values: Mapping[str, str] = msgspec.field(default_factory=dict)
    errors: Mapping[str, str] = msgspec.field(default_factory=dict)
    problem: ProblemWords | None = None

    def value(self, name: str) -> str:
        """What stands in the field; empty when nothing does."""
        return self.values.get(name, "")

    def refused(self, error: SoukError, fields: Mapping[str, str] | None = None) -> "Form":
        """The same form with a service's refusal: beside its field when the code names one."""
        field = (fields or {}).get(error.code)
        if field is not None:
            return msgspec.structs.replace(self, errors={**self.errors, field: error.detail})
        words = ProblemWords(title=error.title, detail=error.detail)
        return msgspec.structs.replace(self, problem=words)


class Posted(msgspec.Struct, frozen=True):
    """The fields of a posted form; a name may come more than once."""

    pairs: Mapping[str, Sequence[str]]

    def get(self, name: str, default: str = "") -> str:
        """The last value of this name, without the blanks around it."""
        values = self.pairs.get(name)
        return values[-1].strip() if values else default

    def all(self, name: str) -> Sequence[str]:
        """Every value of this name, in order."""
        return self.pairs.get(name, ())

    def form(self) -> Form:
        """To show the form again as it was typed; passwords are not repeated."""
        shown = {
            name: values[-1]
            for name, values in self.pairs.items()
            if values and "password" not in name and not name.startswith("_")
        }
        return Form(values=shown)


async def posted(request: PageRequest) -> Posted:
    """The form of this request; that its CSRF token is right was checked before the handler."""
    data = await request.form()
    return Posted({name: [v for v in data.getall(name) if isinstance(v, str)] for name in data})


def read(contract: type[T], values: Mapping[str, object]) -> tuple[T | None, dict[str, str]]:
    """The contract these values make, or what is wrong with each field.

    An empty text counts as left out where the contract has a default.
    """
    hints = get_type_hints(contract, include_extras=True)
    given: dict[str, object] = {}
    errors: dict[str, str] = {}
    for field in msgspec.structs.fields(contract):
        value = values.get(field.name)
        if value is None or (value == "" and not field.required):
            if field.required:
                errors[field.name] = "Fill this in."
            continue
        if value == "":
            errors[field.name] = "Fill this in."
            continue
        try:
            given[field.name] = msgspec.convert(value, hints[field.name], strict=False)
        except msgspec.ValidationError as error:
            errors[field.name] = plain_words(str(error))
    return (None, errors) if errors else (contract(**given), {})


_WORDS: Final = (
    (r"Expected `str` of length >= (\d+)", "Use at least {} characters."),
    (r"Expected `str` of length <= (\d+)", "Use at most {} characters."),
    (r"Expected `int` >= (-?\d+)", "Must be at least {}."),
    (r"Expected `int` <= (-?\d+)", "Must be at most {}."),
    (r"Expected `float` >= (-?[\d.]+)", "Must be at least {}."),
    (r"Expected `array` of length >= (\d+)", "Give at least {}."),
    (r"Expected `array` of length <= (\d+)", "Give at most {}."),
)


def plain_words(message: str) -> str:
    """A validation message of the contracts, for somebody who fills in a form."""
    for pattern, words in _WORDS:
        found = re.match(pattern, message)
        if found:
            return words.format(found[1])
    if "matching regex" in message:
        if "@" in message:
            return "This is no e-mail address."
        if "a-z0-9" in message:
            return "Use lower-case letters, digits, dots, dashes and underscores."
        return "This does not have the right form."
    if "Expected `int" in message:
        return "Give a whole number."
    if "Expected `float" in message:
        return "Give a number."
    if "Invalid enum value" in message:
        return "Choose one of the list."
    return "This is not right."
