"""Lambda on a laptop: the deployed zip under AWS's own runtime interface client, in a child process.

`responses` reads and answers HTTP, `function` reads deployed functions from moto. `runtime` runs them in a `fleet` of
warm and cold execution environments, one child each (`execution_environment`), which requests its invocations from
`runtime_api`. `asynchronous` queues and retries events.
"""
