"""Figures of a check belong to one side of one commit, and old ones go."""

import os

from bench_models.check.side_stores import forget_old, own_folder


def test_every_owner_has_a_folder_of_its_own() -> None:
    """The same commit has another one on the other side, so that a commit against itself is measured twice."""
    owners = [("base", "1" * 40), ("head", "1" * 40), ("base", "2" * 40), ("base1", "1" * 39)]
    assert len({own_folder(*owner) for owner in owners}) == len(owners)
    assert own_folder("base", "1" * 40) == own_folder("base", "1" * 40)


def test_folders_that_were_not_used_for_long_go() -> None:
    """Those used last stay, however old what is in them."""
    folders = [own_folder("base", str(number)) for number in range(20)]
    for age, folder in enumerate(folders):
        folder.mkdir(parents=True)
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    own_folder("base", "19")
    forget_old()
    assert [number for number, folder in enumerate(folders) if folder.is_dir()] == [*range(15), 19]
