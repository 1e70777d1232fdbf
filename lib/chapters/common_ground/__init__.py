"""The chapter on the common ground."""
