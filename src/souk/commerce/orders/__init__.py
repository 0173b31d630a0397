"""Orders: a sale is one transaction; a refund undoes it whole."""
