"""What the server of tests/forked.py imports before it forks: what its processes would each import anew."""

import lib  # before torch

# isort: split

import ipykernel.ipkernel
import ipykernel.kernelapp
import ipykernel.zmqshell  # noqa: F401
import tiny  # noqa: F401
import torch
import toy  # noqa: F401

import lib.ledger.ledger  # noqa: F401

torch.optim.Adam([torch.zeros(1)])  # the first one imports for seconds
