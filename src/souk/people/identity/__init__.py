"""Accounts: e-mail, name, roles, password."""
