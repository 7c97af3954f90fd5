"""Ciphers, keys and tokens of the control plane: libraries meet our words here and nowhere else."""
