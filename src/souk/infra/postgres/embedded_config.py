"""The embedded PostgreSQL's settings: safe first, and sized for the machine it finds itself on."""

import os
from pathlib import Path

CONFIG_FILE = "souk.conf"
ACCESS_RULES = """\
# Written by Souk at every start. The socket's folder is private, and still every sign-in needs a
# password.
local all all scram-sha-256
"""
_MIB = 1024 * 1024


def server_settings(memory_bytes: int) -> str:
    """The text of souk.conf. An operator's own choice (ALTER SYSTEM) still wins over it."""
    shared_mib = _between(128, memory_bytes // _MIB // 16, 1024)
    cache_mib = max(256, memory_bytes // _MIB // 2)
    return f"""\
# Written by Souk at every start; to change a setting use ALTER SYSTEM.
listen_addresses = ''
password_encryption = 'scram-sha-256'
max_connections = 160

# Nothing acknowledged is ever lost.
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = minimal
max_wal_senders = 0
wal_compression = pglz
min_wal_size = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min

shared_buffers = {shared_mib}MB
effective_cache_size = {cache_mib}MB
work_mem = 8MB
maintenance_work_mem = 64MB
random_page_cost = 1.1
jit = off
autovacuum_naptime = 20s
idle_in_transaction_session_timeout = 5min

timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_file_mode = 0600
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_min_duration_statement = 1s
# Values never reach the log: some of them are people's.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
"""


def write_configuration(data: Path) -> None:
    """Puts Souk's settings and access rules into the data folder."""
    settings = server_settings(available_memory_bytes())
    (data / CONFIG_FILE).write_text(settings)
    (data / "pg_hba.conf").write_text(ACCESS_RULES)
    main_file = data / "postgresql.conf"
    include = f"include '{CONFIG_FILE}'\n"
    text = main_file.read_text()
    if include not in text:
        main_file.write_text(text + include)


def available_memory_bytes() -> int:
    """Memory this process may use: the machine's, or its control group's limit if that is less."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdigit() else machine


def _between(lowest: int, value: int, highest: int) -> int:
    return max(lowest, min(value, highest))
