"""Why a backup or a restore did not happen."""


class BackupError(Exception):
    """Nothing was written that looks whole; the text says why and what to do."""
