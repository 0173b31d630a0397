"""Rights: who may use a work, and what happened to it."""
