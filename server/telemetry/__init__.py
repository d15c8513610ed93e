"""What the server tells of itself: logs and traces."""
