"""Every kind of frame, for the tests that hold for all of them."""

from __future__ import annotations

import pytest

from frame_kinds import KINDS, Kind


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found
