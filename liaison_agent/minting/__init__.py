"""Access tokens for consumers' own credentials: got at the token endpoint they name, renewed, kept in memory only."""
