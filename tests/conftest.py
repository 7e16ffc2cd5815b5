"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A busy machine is no bug: what is slow is measured where speed is the claim.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
