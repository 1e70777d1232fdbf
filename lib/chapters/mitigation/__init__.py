"""The chapter on mitigation."""
