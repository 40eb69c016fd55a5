"""Who asks: tenants, their people, keys and identity providers, and the record of what they did."""
