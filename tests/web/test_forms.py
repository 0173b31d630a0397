"""Forms become contracts, and every wrong field gets its own word."""

from souk.kernel.errors import Conflict
from souk.web.forms import Form, Posted, read
from souk_client.contracts.people import ApiKeyRequest, RegisterRequest
from souk_client.contracts.works import OfferRequest


def test_every_wrong_field_is_named_at_once() -> None:
    wish, errors = read(
        RegisterRequest, {"email": "amina", "password": "short", "name": "", "handle": "Not OK"}
    )
    assert wish is None
    assert errors == {
        "email": "This is no e-mail address.",
        "password": "Use at least 10 characters.",
        "name": "Fill this in.",
        "handle": "Use lower-case letters, digits, dots, dashes and underscores.",
    }


def test_an_empty_optional_field_is_left_out() -> None:
    wish, errors = read(ApiKeyRequest, {"name": "Laptop", "expires_in_days": ""})
    assert errors == {} and wish == ApiKeyRequest(name="Laptop")


def test_numbers_come_as_text() -> None:
    wish, _ = read(OfferRequest, {"price_minor": "1900", "stock": "3"})
    assert wish is not None and (wish.price_minor, wish.stock) == (1900, 3)
    assert read(OfferRequest, {"price_minor": "x"})[1] == {"price_minor": "Give a whole number."}
    assert read(OfferRequest, {"price_minor": "-1"})[1] == {"price_minor": "Must be at least 0."}


def test_a_refusal_stands_beside_its_field_or_above_the_form() -> None:
    refusal = Conflict("slug_taken", "That name is taken.")
    assert Form().refused(refusal, {"slug_taken": "handle"}).errors == {
        "handle": "That name is taken."
    }
    above = Form().refused(refusal).problem
    assert above is not None and above.detail == "That name is taken."


def test_passwords_and_tokens_are_not_shown_again() -> None:
    form = Posted(
        {"email": ["a@b.c"], "password": ["secret"], "new_password": ["x"], "_csrf_token": ["t"]}
    ).form()
    assert form.values == {"email": "a@b.c"}
