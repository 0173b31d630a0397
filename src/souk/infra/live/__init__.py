"""News from PostgreSQL to the processes that wait for it, over one connection a process."""
