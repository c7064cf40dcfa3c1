"""What a side imported of another copy of its code."""

import subprocess
import sys
from pathlib import Path

from bench_models.check.worker import own_code

_SCRIPT = """
import multiprocessing  # which knows this script by a second name
import sys
sys.path[:0] = sys.argv[1:3]
import own_code
import beside
print(sorted(own_code.OwnCode(code=sys.argv[3], suite=sys.argv[3], modules=[], root=sys.argv[2]).foreign_imports()))
"""


def test_script_of_the_check_may_lie_in_the_repository(tmp_path: Path) -> None:
    """As that of this project does, where it checks itself from its own clone; other modules there are not a side's."""
    (repository := tmp_path / "repository").mkdir()
    (repository / "worker.py").write_text(_SCRIPT, encoding="utf-8")
    (repository / "beside.py").touch()
    arguments = (str(Path(own_code.__file__).parent), str(repository), str(tmp_path / "side"))
    command = (sys.executable, str(repository / "worker.py"), *arguments)
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == "['beside']\n"
