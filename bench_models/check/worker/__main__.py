"""Starts a worker as a script, in an environment that may lack this package and everything that it depends on.

The modules beside this script import each other relatively, as parts of a package. The package has a private name, and
only while its modules are imported: where the side is this project itself, its own imports are checked by name.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

_NAME = "_bench_models_worker"

# A process that multiprocessing spawns for a benchmark runs this script once more, under another name.
if __name__ == "__main__":
    here = Path(__file__).parent
    # Python put the script's folder in front of the path; the suite may have modules of the same names.
    sys.path[:] = [path for path in sys.path if path != str(here)]
    spec = importlib.util.spec_from_file_location(_NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None:
        raise RuntimeError(f"there is no package in {here}")
    sys.modules[_NAME] = importlib.util.module_from_spec(spec)
    worker = importlib.import_module(f"{_NAME}.worker")
    for name in [each for each in sys.modules if each.partition(".")[0] == _NAME]:
        del sys.modules[name]
    worker.main(*sys.argv[1:3])
