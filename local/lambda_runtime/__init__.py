"""Lambda on a laptop: the deployed zip under AWS's own runtime interface client, in a child process.

HTTP border: responses.py. What is deployed: function.py (moto knows it). How it runs: runtime.py -> fleet.py (warm and
cold) -> execution_environment.py (one child) -> runtime_api.py (what the child asks). Later and again: asynchronous.py.
"""
