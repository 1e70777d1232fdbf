"""The exercises of the book: their text and solutions as pages have them, and what a course needs to know of each."""
