"""What operators see: structured logs with secrets masked, and Prometheus metrics."""
