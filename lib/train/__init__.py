"""Training: what an epoch consists of."""
