"""The rooms' doors: read the request, make one call, write the answer."""
