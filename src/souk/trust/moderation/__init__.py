"""Moderation: reports, the queue, decisions with reasons, and one appeal each."""
