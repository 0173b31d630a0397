"""What every wing stands on: PostgreSQL, events, workflows, HTTP, live updates, logs, keys."""
