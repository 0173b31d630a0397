"""How callers prove who they are: access tokens, refresh tokens, page sessions, API keys."""
