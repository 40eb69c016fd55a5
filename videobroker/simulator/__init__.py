"""A small Telnyx Video of our own: the same HTTP interface, its own process, its own store.

It imports nothing of the broker and knows Django only in its management command. `README.md` beside this file
says how to use it; the modules are named for what happens in them.
"""
