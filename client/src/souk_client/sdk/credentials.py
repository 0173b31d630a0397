"""Who the client is: an API key, or a session that renews itself."""

import threading
from collections.abc import Callable

from souk_client.contracts.people import Session

SessionListener = Callable[[Session], None]
Reload = Callable[[], Session | None]


class Credentials:
    """The bearer token to send, safe to share between threads.

    A refresh token works once, so `lock` guards renewing: who comes second finds it done.

    Args:
        api_key: a `vk_…` key; never renewed.
        session: a session to go on with.
        on_session: called with every new session, to keep it.
        reload: asked for a newer session (another process may have renewed it) before renewing.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        session: Session | None = None,
        on_session: SessionListener | None = None,
        reload: Reload | None = None,
    ) -> None:
        self._api_key = api_key
        self._session = session
        self._on_session = on_session
        self._reload = reload
        self.lock = threading.Lock()

    @property
    def session(self) -> Session | None:
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
        if self._on_session is not None:
            self._on_session(session)

    def take_newer(self, stale_token: str) -> bool:
        """Whether somebody has renewed the session that had this token; takes it when so."""
        if self.token != stale_token:
            return True
        newer = self._reload() if self._reload is not None else None
        if newer is None or newer.access_token == stale_token:
            return False
        self._session = newer
        return True

    def forget(self) -> None:
        """Signs out on this side."""
        self._session = None
