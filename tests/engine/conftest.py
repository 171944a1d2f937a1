"""Fixtures of the engine's contract tests."""

from pathlib import Path

import pytest

from tests.engine.running import Project, new_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give an empty project with an empty stack."""
    return new_project(tmp_path)
