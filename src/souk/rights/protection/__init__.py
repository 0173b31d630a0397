"""Protection: devices, the keys that licences release to them, signed receipts of their uses, and
what sellers choose for their works."""
