"""The same job done with other tools, each as its own documentation recommends.

A peer may run in an environment of its own: here nothing of the product is imported.
"""
