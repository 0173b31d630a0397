"""The HTTP process: `python -m souk.apps.api`."""
