"""Who the client is: an API key, or a session that renews itself."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from souk_client.contracts.people import Session


class SessionStore(Protocol):
    """Where a session outlives the process, perhaps shared by several."""

    def load(self) -> Session | None:
        """The session as it is kept now."""
        ...

    def save(self, session: Session) -> None:
        """Keeps a new session."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keeps other processes from renewing the session meanwhile."""
        ...


class Credentials:
    """The bearer token to send, safe to share between threads.

    Args:
        api_key: a `vk_…` key; never renewed.
        session: a session to go on with; the store's when left out.
        store: where new sessions are kept.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        session: Session | None = None,
        store: SessionStore | None = None,
    ) -> None:
        self._api_key = api_key
        self._store = store
        self._session = session if session is not None or store is None else store.load()
        self._lock = threading.Lock()

    @property
    def session(self) -> Session | None:
        """The session in use."""
        return self._session

    @property
    def token(self) -> str | None:
        """What to send as the bearer token now."""
        if self._api_key is not None:
            return self._api_key
        return self._session.access_token if self._session is not None else None

    @property
    def refresh_token(self) -> str | None:
        """What renews the session; None for API keys and strangers."""
        if self._api_key is not None or self._session is None:
            return None
        return self._session.refresh_token

    def adopt(self, session: Session) -> None:
        """Goes on with a new session."""
        self._session = session
        if self._store is not None:
            self._store.save(session)

    def forget(self) -> None:
        """Signs out on this side."""
        self._session = None

    @contextlib.contextmanager
    def renewing(self, stale_token: str) -> Iterator[str | None]:
        """Gives the refresh token to use, or None when somebody has renewed the session already.

        A refresh token works once, so only one thread of one process is in here at a time.
        """
        with self._lock, self._store.locked() if self._store else contextlib.nullcontext():
            if self.token == stale_token and self._store is not None:
                self._session = self._store.load() or self._session
            yield self.refresh_token if self.token == stale_token else None
