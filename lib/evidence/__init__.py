"""Evidence: what was measured, raw, in small files that say where they come from.

A cell is one part of one chapter under one setting. Measuring is dear and rarely changes; what is read off a cell is
cheap and may change any day.
"""
