"""A course made from the exercises of the book: copies for students and instructors, checks, a rubric, archives."""
