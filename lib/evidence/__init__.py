"""Evidence: raw measurements, in small files that say where they come from.

A cell is one part of one chapter under one setting. Measuring is expensive and rarely changes; what is read off a cell
is cheap and may change any day.
"""
