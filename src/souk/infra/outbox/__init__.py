"""The transactional outbox: facts leave the process only after, and always after, their commit."""
