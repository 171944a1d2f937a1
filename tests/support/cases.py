"""How many cases a property test tries: so many in `make test`, and as many as the profile says where that is more.

`make nightly` runs them by the profile `nightly`, which tests/conftest.py knows.
"""

from hypothesis import Phase, settings

# Explaining a failing case takes longer than finding it, where each case is a whole run.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


def cases(number: int) -> settings:
    """Return hypothesis's settings for a test that is to try so many cases at least."""
    profile = settings.get_profile(settings.get_current_profile_name())
    return settings(max_examples=max(number, profile.max_examples), deadline=None, phases=PHASES)
