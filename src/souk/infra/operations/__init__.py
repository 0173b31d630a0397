"""What the operator sees of the running marketplace."""
