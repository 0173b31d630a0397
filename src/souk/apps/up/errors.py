"""What keeps a marketplace from starting."""


class UpError(Exception):
    """The marketplace cannot start or go on; the text says why and how to mend it."""
