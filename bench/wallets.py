"""Sign-In with Ethereum: from the signed message to the session, at a steady rate and alone."""

import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from typing import Final

import click
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from bench._harness import (
    Line,
    Request,
    Section,
    bench_marketplace,
    format_duration,
    open_loop,
    percentiles,
    signed_up,
)
from bench._marketplace import PASSWORD
from souk.people.wallets.accounts import personal_digest, signer_of
from souk_client.sdk import Souk

GOAL_S: Final = 0.100
RATE: Final = 10.0
WARM_UP_S: Final = 1.0
HOW: Final = """
`POST /api/v1/auth/wallet/sign-in` with a message (EIP-4361) that a key has signed, on a marketplace
as `souk up` starts it, its edge nodes off, with the load generator on the same machine. Each
request spends a message of its own: it is read, its signature, site, chain, time and nonce are
checked, a session is opened and its tokens are signed. *The first of a process* is a wallet linked
right after the start, which checks the same. Beside it a sign-in with a password, whose slow hash
is meant to be slow.
"""


def run(*, quick: bool) -> Section:
    """Measures the first sign-in, a steady rate of them, and the check of a signature alone."""
    seconds = 2.0 if quick else 20.0
    with bench_marketplace(
        environment={
            "SOUK_WALLETS_SIGN_IN_PER_MINUTE": "1000000",
            "SOUK_ACCESS_SIGN_IN_PER_MINUTE": "1000000",
            "SOUK_CHAIN_CHAINS": "none",
        }
    ) as (market, target):
        wallet: LocalAccount = Account.from_key(secrets.token_bytes(32))
        with signed_up(market, "holder") as holder:
            first = _signed(holder, wallet, "link")
            began = time.perf_counter()
            holder.wallets.link(**first)
            first_s = time.perf_counter() - began
            email = holder.account.get().user.email
            bodies = _bodies(holder, wallet, int(RATE * (seconds + WARM_UP_S)) + 2)
        headers = {"Content-Type": "application/json"}
        steady = asyncio.run(
            open_loop(
                target,
                lambda number: Request(
                    "/api/v1/auth/wallet/sign-in",
                    method="POST",
                    headers=headers,
                    body=bodies[number],
                ),
                rate_per_s=RATE,
                duration_s=seconds,
                warmup_s=WARM_UP_S,
            )
        )
        password_s = _password(market.base_url, email)
    alone = percentiles([_check(wallet) for _ in range(200 if quick else 2000)])
    click.echo(f"sign-in: {steady}", err=True)
    return Section(
        title="Signing in with a wallet",
        how=HOW,
        lines=[
            Line(
                what=f"sign-in at an open-loop {RATE:.0f} a second",
                measured=str(steady),
                promised=f"p99 < {format_duration(GOAL_S)}",
                reached=steady.latency.p99 < GOAL_S and not steady.failures,
                beside=f"a password: p50 {format_duration(password_s)}",
                bounded_by="other work on the machine, which the last line shows as well",
            ),
            Line(
                what="the first of a process",
                measured=format_duration(first_s),
                promised=f"< {format_duration(GOAL_S)}",
                reached=first_s < GOAL_S,
            ),
            Line(
                what="whose signature it is, alone",
                measured=f"p50 {format_duration(alone.p50)}, p99 {format_duration(alone.p99)}",
            ),
        ],
    )


def _signed(client: Souk, wallet: LocalAccount, purpose: str) -> dict[str, str]:
    """A fresh message, signed."""
    message = client.wallets.challenge(
        address=wallet.address,
        chain_id=1,
        purpose=purpose,  # type: ignore[arg-type]  # one of the two
    ).message
    signature = bytes(wallet.sign_message(encode_defunct(text=message)).signature)
    return {"message": message, "signature": f"0x{signature.hex()}"}


def _bodies(client: Souk, wallet: LocalAccount, count: int) -> Sequence[bytes]:
    return [json.dumps(_signed(client, wallet, "sign_in")).encode() for _ in range(count)]


def _password(base_url: str, email: str) -> float:
    """How long a sign-in with a password takes, in the middle."""
    taken = []
    with Souk(base_url) as souk:
        for _ in range(9):
            began = time.perf_counter()
            souk.auth.login(email=email, password=PASSWORD)
            taken.append(time.perf_counter() - began)
    return percentiles(taken).p50


def _check(wallet: LocalAccount) -> float:
    text = secrets.token_hex(200)
    signature = bytes(wallet.sign_message(encode_defunct(text=text)).signature)
    began = time.perf_counter()
    assert signer_of(personal_digest(text), signature) == wallet.address.lower()
    return time.perf_counter() - began
