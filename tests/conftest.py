"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is; what an example shows is what counts.
settings.register_profile("labcore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("labcore")
