"""Lip-sync engines and the face tracker: the only floor that knows torch."""

import os

# OpenMP's threads by default burn their core while they wait, which decoding and encoding then lack. OpenMP reads this
# when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
