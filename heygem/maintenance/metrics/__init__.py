"""What Prometheus is told. prometheus_client is known to this folder alone."""
