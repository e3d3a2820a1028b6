"""What every test shares: how Hypothesis searches.

A gate must say the same twice, on a busy machine too: the default profile is derandomised and is not offended by slow
draws. `--hypothesis-profile=explore` searches anew each time.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("gate", _PATIENT, derandomize=True)
settings.register_profile("explore", _PATIENT)
settings.load_profile("gate")
