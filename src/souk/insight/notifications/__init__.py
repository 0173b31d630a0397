"""Notices: the bell on the page, and mail."""
