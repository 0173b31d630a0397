"""Sentences as vectors: MiniLM (all-MiniLM-L6-v2) on onnxruntime, from its published weights."""
