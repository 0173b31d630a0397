"""Evaluation: the marketplace re-runs a model on a dataset and compares with what was claimed."""
