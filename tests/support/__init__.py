"""What several test files share: projects, servers and measurements that are made for a test."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
