"""The command line: execute notebooks, record runs, render the site."""
