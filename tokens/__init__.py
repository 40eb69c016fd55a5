"""Who may come in: grants, minting, refreshing, revoking, and the signed context."""
