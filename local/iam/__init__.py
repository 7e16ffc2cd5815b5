"""IAM on a laptop: every call of a role is judged by the role's own policies, as Terraform and Chalice made them.

Which rights a call needs: calls.py. Whose call it is: principals.py. What a role may do: roles.py (as moto stores it)
and policies.py (how AWS evaluates it). What was decided: decisions.py. Where the local cloud asks: enforce.py. Which
rights nobody uses: unused_permissions.py. The roles of the app's own functions under `make run`: app_roles.py.
"""
