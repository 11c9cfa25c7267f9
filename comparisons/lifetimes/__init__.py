"""When to learn: fixed-arm bandits over settings, where exploring pays and where hard-coding is optimal."""
