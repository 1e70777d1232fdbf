"""The ledger: every claim of a paper, the rule that judges it, the answers of a run, and whether they still hold."""
