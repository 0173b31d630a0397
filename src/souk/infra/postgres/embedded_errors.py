"""What can go wrong with the embedded PostgreSQL, said so that an operator can mend it."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot start, stop or be reached; the text says what to do."""


class EmbeddedPostgresBusyError(EmbeddedPostgresError):
    """Another process on this machine already runs PostgreSQL on the same folder."""
