"""What a fresh process loads: the command line starts at once, and a process that trains loads nothing that draws."""

import subprocess
import sys

from comparisons.kinds import kind_packages


def loaded_of(code, *names):
    """Which of these packages a program loads."""
    program = f"import sys\n{code}\nsys.stderr.write(' '.join(name for name in {names!r} if name in sys.modules))"
    completed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return completed.stderr.split()


HEAVY = ("jax", "torch", "numpy", "numpyro", "xarray", "pandas", "scipy", "matplotlib", "tyro")


def test_help_loads_no_framework():
    assert loaded_of("from comparisons.__main__ import main; main(['--help'])", *HEAVY) == []
    assert loaded_of("import numpy", *HEAVY) == ["numpy"]


def test_a_process_that_waits_for_units_loads_no_framework():
    """Processes of joblib load NumPy; the rest comes with the kind of the unit that one is given."""
    assert loaded_of("import comparisons.training", *HEAVY) == ["numpy"]


def test_a_process_that_trains_does_not_load_what_draws():
    running = ", ".join(f"{package}.running" for package in kind_packages())
    drawing = [f"{package}.kind" for package in kind_packages()]
    assert len(drawing) == 5
    assert loaded_of(f"import comparisons.training, {running}", "matplotlib", "seaborn", *drawing) == []
