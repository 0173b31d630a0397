"""The HTTP edge: who asks, one transaction a request, problem details, limits, headers.

Contexts' handlers stand inside it and see only `uow`, `actor`, their services and contracts.
"""
