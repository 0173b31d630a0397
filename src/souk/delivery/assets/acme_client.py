"""Certificates from an authority by ACME (RFC 8555), with HTTP-01; blocking, for a thread."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from acme import challenges, client, crypto_util, errors, messages
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from josepy.jwk import JWKRSA

from souk.delivery.assets.acme_account import Account, AcmeFailed

USER_AGENT: Final = "souk"
_NETWORK_S: Final = 20


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be answered at a name."""

    token: str
    answer: str


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh certificate."""

    chain_pem: str
    key_pem: str


class Authority:
    """One authority, for one account."""

    def __init__(self, directory: str, account: Account, *, ca_file: str = "") -> None:
        key = load_pem_private_key(account.key_pem, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = JWKRSA(key=key)
        self._net = client.ClientNetwork(
            self._key,
            user_agent=USER_AGENT,
            timeout=_NETWORK_S,
            verify_ssl=ca_file or True,  # type: ignore[arg-type]  # requests takes a file as well
        )
        self._address = account.address
        self._directory = directory
        self._client: client.ClientV2 | None = None

    def open(self, contact: str) -> str:
        """Signs in, or up; the account's address.

        Raises:
            AcmeFailed.
        """
        try:
            directory = client.ClientV2.get_directory(self._directory, self._net)
            self._client = client.ClientV2(directory, self._net)
            if self._address:
                known = messages.RegistrationResource(
                    uri=self._address, body=messages.Registration()
                )
                self._net.account = known
                return self._address
            wanted = messages.NewRegistration.from_data(
                email=contact or None, terms_of_service_agreed=True
            )
            return str(self._client.new_account(wanted).uri)
        except errors.ConflictError as error:  # the key has an account there already
            self._address = str(error.location)
            self._net.account = messages.RegistrationResource(
                uri=self._address, body=messages.Registration()
            )
            return self._address
        except Exception as error:
            raise _failed(error) from error

    def order(self, name: str) -> "Order":
        """Orders a certificate for a name. Raises AcmeFailed."""
        assert self._client is not None
        key = ec.generate_private_key(ec.SECP256R1())
        key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            csr = crypto_util.make_csr(key_pem, [name])
            return Order(self._client, self._key, self._client.new_order(csr), key_pem.decode())
        except Exception as error:
            raise _failed(error) from error

    def close(self) -> None:
        """Lets go of connections."""
        self._net.session.close()


class Order:
    """A certificate under way."""

    def __init__(
        self,
        acme_client: client.ClientV2,
        key: JWKRSA,
        resource: messages.OrderResource,
        key_pem: str,
    ) -> None:
        self._client = acme_client
        self._key = key
        self._resource = resource
        self._key_pem = key_pem
        self._open = [
            body
            for authorization in resource.authorizations
            if authorization.body.status == messages.STATUS_PENDING
            for body in authorization.body.challenges
            if isinstance(body.chall, challenges.HTTP01)
        ]

    def challenges(self) -> Sequence[Challenge]:
        """What has to be answered before `finish`."""
        return [
            Challenge(
                token=body.chall.encode("token"),
                answer=body.chall.validation(self._key),
            )
            for body in self._open
        ]

    def finish(self, timeout_s: float) -> Given:
        """Lets the authority look, and waits for the certificate. Raises AcmeFailed."""
        # The library compares with naive local times.
        deadline = datetime.now(UTC).astimezone().replace(tzinfo=None)
        try:
            for body in self._open:
                self._client.answer_challenge(body, body.chall.response(self._key))
            done = self._client.poll_and_finalize(
                self._resource, deadline + timedelta(seconds=timeout_s)
            )
        except Exception as error:
            raise _failed(error) from error
        return Given(chain_pem=done.fullchain_pem, key_pem=self._key_pem)


def _failed(error: Exception) -> AcmeFailed:
    """The authority's own words, as far as it has any."""
    if isinstance(error, errors.ValidationError):
        found = [
            str(body.error.detail or body.error)
            for authorization in error.failed_authzrs
            for body in authorization.body.challenges
            if body.error is not None
        ]
        return AcmeFailed("; ".join(found)[:400] or "the authority could not see the answer")
    if isinstance(error, messages.Error):
        return AcmeFailed(str(error.detail or error)[:400])
    if isinstance(error, errors.TimeoutError):
        return AcmeFailed("the authority takes too long")
    return AcmeFailed(f"{type(error).__name__}: {str(error)[:300]}")
