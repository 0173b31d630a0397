"""Fraud: review rings, bursts and bombing are found by rules and brought before moderators."""
