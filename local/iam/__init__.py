"""IAM on a laptop: every call of a role is judged by the role's own policies, as Terraform and Chalice made them.

`calls` knows the permissions that a call needs, and `principals` who makes the call. `roles` reads a role's policies
from moto, and `policies` evaluates them as AWS does. The rest of the local cloud calls `enforce`; `decisions` keeps the
results. `unused_permissions` finds permissions that no recorded call needs. `app_roles` makes the roles of the app's
own functions under `make run`.
"""
