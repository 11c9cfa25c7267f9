"""How Sphinx builds these pages: Markdown that executes, and an API page from the docstrings.

`BAYESGAUGE_DOCS_SMOKE=1` in the environment asks the tutorials to run at a tiny size; they read it themselves.
"""

import inspect
import os
from importlib import metadata

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from bayesopt import families

project = "bayesgauge"
author = "The bayesgauge authors"
copyright = author
release = version = metadata.version("bayesgauge")

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "myst_nb"]
exclude_patterns = ["_build"]
default_role = "code"  # docstrings set code in single backticks

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 100

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

nb_execution_mode = "force"  # a tutorial is a test: it runs in every build, never from a cache
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_show_tb = True
nb_merge_streams = True
os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"  # tqdm, in kernels without widgets

html_theme = "pydata_sphinx_theme"
html_title = project
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"**": []}  # these few pages need no tree beside them


def _with_families(app: Sphinx, document: str, source: list[str]) -> None:
    """Write the section on task families from what discovery finds, so that a new file appears by itself."""
    if document == "api":
        entries = "\n\n".join(
            f".. autoclass:: bayesopt.families.{identifier}.{families.class_name(identifier)}\n   :no-members:"
            for identifier in families.family_ids()
        )
        source[0] = source[0].replace("FAMILIES", entries)


def _with_plain_bars(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Escape bars outside backticks: in docstrings they are absolute values, in reStructuredText substitutions."""
    for index, line in enumerate(lines):
        parts = line.split("`")
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        lines[index] = "`".join(parts)


def _without_inherited(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out methods that say nothing of their own; they are documented where the contract is."""
    return True if (inspect.isroutine(obj) or isinstance(obj, property)) and not obj.__doc__ else None


def _tidy(app: Sphinx, doctree: nodes.document) -> None:
    """Leave out fields that say nothing but their number, and name JAX's array type as everyone does."""
    for entry in list(doctree.findall(addnodes.desc)):
        if entry[-1].astext().startswith("Alias for field number"):
            entry.parent.remove(entry)
    for text in list(doctree.findall(nodes.Text)):
        if "jaxlib._jax.Array" in text:
            text.parent.replace(text, nodes.Text(text.replace("jaxlib._jax.Array", "Array")))


def setup(app: Sphinx) -> None:
    """Connect the functions above; called by Sphinx."""
    app.connect("source-read", _with_families)
    app.connect("autodoc-process-docstring", _with_plain_bars)
    app.connect("autodoc-skip-member", _without_inherited)
    app.connect("doctree-read", _tidy)
