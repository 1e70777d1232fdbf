"""What pages show: figures, tables and numbers in prose."""
