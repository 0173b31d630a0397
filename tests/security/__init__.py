"""What strangers, bad input and hostile clients must not get."""
