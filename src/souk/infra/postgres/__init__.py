"""PostgreSQL: the embedded server, the pool, the unit of work and its data scope."""
