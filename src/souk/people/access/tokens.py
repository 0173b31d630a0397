"""Access tokens: short-lived JWT signed with EdDSA (RFC 8037, RFC 9068), read without a query."""

import base64
from datetime import datetime, timedelta
from typing import Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from souk.infra.keyring import ACCESS, Keyring, KeyUnknown
from souk.kernel.clock import Clock
from souk.kernel.errors import Unauthenticated
from souk.kernel.ids import SessionId, UserId
from souk_client.proofs import PublicKey
from souk_client.proofs.canonical import encode_base64url

ALGORITHMS: Final = ["EdDSA"]
"""Nothing else is ever accepted, `none` least of all."""
KIND: Final = "at+jwt"


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says."""

    iss: str
    aud: str
    sub: UserId
    sid: SessionId
    iat: int
    exp: int


class Tokens:
    """Signs and reads access tokens of one issuer."""

    def __init__(self, keyring: Keyring, *, issuer: str, lifetime: timedelta, clock: Clock) -> None:
        self._keyring = keyring
        self._issuer = issuer
        self._clock = clock
        self._public: dict[str, OKPKey] = {}
        self._signing: tuple[str, OKPKey] | None = None
        self.lifetime = lifetime

    async def issue(self, *, user_id: UserId, session_id: SessionId, now: datetime) -> str:
        """A token for this session."""
        key = await self._keyring.current(ACCESS)
        kid = key.public.kid
        if self._signing is None or self._signing[0] != kid:
            seed = encode_base64url(key.private.private_bytes_raw())
            self._signing = (kid, OKPKey.import_key({**_members(key.public), "d": seed}))
        claims = Claims(
            iss=self._issuer,
            aud=self._issuer,
            sub=user_id,
            sid=session_id,
            iat=int(now.timestamp()),
            exp=int((now + self.lifetime).timestamp()),
        )
        header = {"alg": "EdDSA", "typ": KIND, "kid": kid}
        return jwt.encode(
            header, msgspec.to_builtins(claims), self._signing[1], algorithms=ALGORITHMS
        )

    async def read(self, token: str) -> Claims:
        """What a token says, once its signature, issuer and time are checked.

        Raises:
            Unauthenticated: `token_invalid` or `token_expired`.
        """
        try:
            kid = _key_id(token)
            key = await self._public_key(kid)
            checked = jwt.decode(token, key, algorithms=ALGORITHMS)
            claims = msgspec.convert(checked.claims, Claims)
        except (JoseError, KeyUnknown, ValueError, msgspec.ValidationError) as error:
            raise _invalid() from error
        if claims.iss != self._issuer or claims.aud != self._issuer:
            raise _invalid()
        if checked.header.get("typ") != KIND:
            raise _invalid()
        if claims.exp <= self._clock.now().timestamp():
            raise Unauthenticated("token_expired", "The access token has expired; refresh it.")
        return claims

    async def _public_key(self, kid: str) -> OKPKey:
        public = await self._keyring.verifier(ACCESS, kid)
        known = self._public.get(kid)
        if known is None:
            known = self._public[kid] = OKPKey.import_key(_members(public))
        return known


class _Header(msgspec.Struct, frozen=True):
    kid: str


def _key_id(token: str) -> str:
    header = token.partition(".")[0]
    if len(header) > 1024:
        raise ValueError("header too long")
    raw = base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
    return msgspec.json.decode(raw, type=_Header).kid


def _members(public: PublicKey) -> dict[str, str | list[str]]:
    return {"kty": public.kty, "crv": public.crv, "x": public.x}


def _invalid() -> Unauthenticated:
    return Unauthenticated("token_invalid", "The access token is not valid here; sign in again.")
