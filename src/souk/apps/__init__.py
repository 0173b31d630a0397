"""The processes, and the only place that wires contexts together."""
