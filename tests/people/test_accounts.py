"""Accounts over HTTP: sign-up, sign-in, tokens, keys, and the tricks that must not work."""

import base64
import itertools
import json

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the field's name still

_numbers = itertools.count(1)
PASSWORD = "a long enough password"


def sign_up(base_url: str, name: str = "Ada Lovelace") -> dict:
    email = f"user{next(_numbers)}@people.example.org"
    answer = httpx.post(
        f"{base_url}/api/v1/auth/register",
        json={"email": email, "password": PASSWORD, "name": name},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def as_user(base_url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=base_url, headers={"authorization": f"Bearer {token}"})


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["detail"] and body["request_id"] == answer.headers["x-request-id"]
    return body["code"]


def test_a_new_account_can_use_its_token_at_once(base_url: str) -> None:
    session = sign_up(base_url)
    with as_user(base_url, session["access_token"]) as user:
        me = user.get("/api/v1/me").json()
    assert me["user"]["email"] == session["user"]["email"]
    assert me["user"]["roles"] == ["buyer", "seller"]
    assert me["memberships"][0]["personal"] is True
    assert "marketplace:create_resource" in me["permissions"]


def test_an_address_registers_once_and_case_does_not_matter(base_url: str) -> None:
    email = sign_up(base_url)["user"]["email"]
    again = httpx.post(
        f"{base_url}/api/v1/auth/register",
        json={"email": email.upper(), "password": PASSWORD, "name": "Other"},
    )
    assert problem(again, 409) == "email_taken"


def test_reserved_and_taken_handles_are_refused_by_name(base_url: str) -> None:
    body = {"password": PASSWORD, "name": "x"}
    url = f"{base_url}/api/v1/auth/register"
    reserved = httpx.post(url, json={**body, "email": "r1@x.org", "handle": "api"})
    assert problem(reserved, 409) == "slug_reserved"
    taken = sign_up(base_url)["user"]["organisation"]["slug"]
    again = httpx.post(url, json={**body, "email": "r2@x.org", "handle": taken})
    assert problem(again, 409) == "slug_taken"
    free = httpx.post(url, json={**body, "email": "r2@x.org"})
    assert free.status_code == 201  # the refusal left nothing behind


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"password": "short"}, "body_invalid"),
        ({"password": "aaaaaaaaaaaaaaa"}, "password_weak"),
        ({"email": "not an address"}, "body_invalid"),
        ({"email": "a@b\r\nbcc: c"}, "body_invalid"),
        ({"role": "admin"}, "body_invalid"),
        ({"name": ""}, "body_invalid"),
    ],
)
def test_bad_sign_ups_say_what_is_wrong(base_url: str, change: dict, code: str) -> None:
    body = {"email": "new@people.example.org", "password": PASSWORD, "name": "New", **change}
    answer = httpx.post(f"{base_url}/api/v1/auth/register", json=body)
    assert problem(answer, 422) == code


def test_a_wrong_password_and_an_unknown_address_look_the_same(base_url: str) -> None:
    email = sign_up(base_url)["user"]["email"]
    url = f"{base_url}/api/v1/auth/login"
    wrong = httpx.post(url, json={"email": email, "password": "wrong password"})
    unknown = httpx.post(url, json={"email": "nobody@x.org", "password": PASSWORD})
    assert problem(wrong, 401) == problem(unknown, 401) == "credentials_wrong"
    assert wrong.json()["detail"] == unknown.json()["detail"]


def test_a_refresh_token_works_once_and_a_second_use_ends_the_session(base_url: str) -> None:
    url = f"{base_url}/api/v1/auth/refresh"
    first = sign_up(base_url)
    second = httpx.post(url, json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    stolen = httpx.post(url, json={"refresh_token": first["refresh_token"]})
    assert problem(stolen, 401) == "refresh_token_invalid"
    after = httpx.post(url, json={"refresh_token": second.json()["refresh_token"]})
    assert problem(after, 401) == "refresh_token_invalid"
    with as_user(base_url, second.json()["access_token"]) as user:
        assert problem(user.get("/api/v1/me"), 401) == "session_ended"


def test_signing_out_ends_the_session_at_once(base_url: str) -> None:
    session = sign_up(base_url)
    with as_user(base_url, session["access_token"]) as user:
        assert user.get("/api/v1/me").status_code == 200
        gone = user.post("/api/v1/auth/logout", json={"refresh_token": session["refresh_token"]})
        assert gone.status_code == 204
        assert problem(user.get("/api/v1/me"), 401) == "session_ended"


def test_an_api_key_is_shown_once_listed_by_its_hint_and_dies_at_once(base_url: str) -> None:
    session = sign_up(base_url)
    with as_user(base_url, session["access_token"]) as user:
        made = user.post("/api/v1/api-keys", json={"name": "ci"}).json()
        assert made["key"].startswith("vk_")
        (listed,) = user.get("/api/v1/api-keys").json()["items"]
        assert "key" not in listed and made["key"].startswith(listed["hint"])
        with as_user(base_url, made["key"]) as program:
            assert program.get("/api/v1/me").status_code == 200
            assert user.delete(f"/api/v1/api-keys/{made['id']}").status_code == 204
            assert problem(program.get("/api/v1/me"), 401) == "key_unknown"


def test_forged_tokens_are_refused(base_url: str) -> None:
    token = sign_up(base_url)["access_token"]
    header, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    kid = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt","kid":"%s"}' % kid.encode())
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    other_key = OKPKey.generate_key("Ed25519")
    forged = {
        "none": f"{none.decode().rstrip('=')}.{body}.",
        "tampered": f"{header}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}",
        "signature": f"{header}.{body}.{flipped}",
        "hmac": jwt.encode(
            {"alg": "HS256", "typ": "at+jwt", "kid": kid}, claims, OctKey.import_key(b"k" * 32)
        ),
        "other key": jwt.encode(
            {"alg": "EdDSA", "typ": "at+jwt", "kid": kid}, claims, other_key, algorithms=["EdDSA"]
        ),
        "not one": "abc.def.ghi",
        "long": "e30" * 5000,
    }
    for name, text in forged.items():
        with as_user(base_url, text) as nobody:
            answer = nobody.get("/api/v1/me")
            assert answer.status_code in (401, 400, 431), name
    with as_user(base_url, token) as user:
        assert user.get("/api/v1/me").status_code == 200


def test_the_published_keys_verify_our_tokens(base_url: str) -> None:
    token = sign_up(base_url)["access_token"]
    keys = httpx.get(f"{base_url}/.well-known/jwks.json").json()["keys"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    (key,) = [key for key in keys if key["kid"] == header["kid"]]
    public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
    assert jwt.decode(token, public, algorithms=["EdDSA"]).claims["sub"].startswith("usr_")


def test_the_same_idempotency_key_replays_and_another_body_conflicts(base_url: str) -> None:
    session = sign_up(base_url)
    with as_user(base_url, session["access_token"]) as user:
        headers = {"idempotency-key": "make-one-key"}
        first = user.post("/api/v1/api-keys", json={"name": "one"}, headers=headers)
        again = user.post("/api/v1/api-keys", json={"name": "one"}, headers=headers)
        assert again.json() == first.json()
        assert again.headers["idempotency-replayed"] == "true"
        assert len(user.get("/api/v1/api-keys").json()["items"]) == 1
        other = user.post("/api/v1/api-keys", json={"name": "two"}, headers=headers)
        assert problem(other, 409) == "idempotency_key_reused"


def test_shared_organisations_take_in_whom_they_invite(base_url: str) -> None:
    owner, guest, other = (sign_up(base_url) for _ in range(3))
    with (
        as_user(base_url, owner["access_token"]) as a,
        as_user(base_url, guest["access_token"]) as b,
        as_user(base_url, other["access_token"]) as c,
    ):
        slug = f"lab-{next(_numbers)}"
        lab = a.post("/api/v1/organisations", json={"slug": slug, "name": "Lab"}).json()
        path = f"/api/v1/organisations/{lab['id']}"
        assert problem(b.get(f"{path}/members"), 404) == "organisation_unknown"
        invited = a.post(
            f"{path}/invitations", json={"email": guest["user"]["email"], "role": "member"}
        ).json()
        assert problem(c.post(f"/api/v1/invitations/{invited['id']}/accept"), 404)
        assert [i["id"] for i in b.get("/api/v1/me/invitations").json()["items"]] == [invited["id"]]
        assert b.post(f"/api/v1/invitations/{invited['id']}/accept").status_code == 200
        again = b.post(f"/api/v1/invitations/{invited['id']}/accept")
        assert problem(again, 409) == "invitation_settled"
        members = b.get(f"{path}/members").json()["items"]
        assert [m["role"] for m in members] == ["owner", "member"]
        refused = b.post(f"{path}/invitations", json={"email": "x@y.org", "role": "member"})
        assert problem(refused, 403) == "not_manager"
        last = a.delete(f"{path}/members/{owner['user']['id']}")
        assert problem(last, 409) == "last_owner"
        assert b.delete(f"{path}/members/{guest['user']['id']}").status_code == 204
        assert problem(b.get(f"{path}/members"), 404) == "organisation_unknown"


def test_users_are_listed_for_admins_only(base_url: str) -> None:
    with as_user(base_url, sign_up(base_url)["access_token"]) as user:
        assert problem(user.get("/api/v1/admin/users"), 403) == "permission_missing"
    assert problem(httpx.get(f"{base_url}/api/v1/admin/users"), 401) == "sign_in_needed"
