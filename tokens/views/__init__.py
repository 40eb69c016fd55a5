"""The doors of tokens: read the request, make one call, write the answer."""
