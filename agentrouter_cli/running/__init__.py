"""`agentrouter run`: the whole product in the foreground, as processes that start, restart and stop together."""
