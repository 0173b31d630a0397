"""Everything a marketplace holds, in one file, and a marketplace again from that file.

Public names: `back_up` and `restore`.
"""

from souk.apps.backup.backing_up import back_up
from souk.apps.backup.errors import BackupError
from souk.apps.backup.restoring import restore

__all__ = ["BackupError", "back_up", "restore"]
