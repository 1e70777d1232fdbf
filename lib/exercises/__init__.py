"""The exercises of the book: their text and solutions as on pages, and what a course needs to know about each."""
