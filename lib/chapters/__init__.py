"""What only one chapter needs: a package for each."""
