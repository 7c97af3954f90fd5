"""The control plane: owns the truth, compiles it into documents, and announces every new version."""
