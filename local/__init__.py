"""The local cloud: the parts of AWS that this project needs, on a laptop. It is never deployed.

No code that is deployed imports this package.
"""
