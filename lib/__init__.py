"""What the notebooks of this book share: data, networks, attacks, training and the ledger of claims."""
