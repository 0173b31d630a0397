"""Organisations (tenants): personal ones and shared ones, their members and invitations."""
