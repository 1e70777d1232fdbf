"""The runner: a notebook with its parameters executed, recorded, and held against today's code."""
