"""Figures that lie beside the runs and benchmarks that made them, shown on the site's pages.

A page names such a figure by its path in the repository, `../runs/…`, so that it is seen there as
well; the site gets a copy.
"""

import re
from pathlib import Path

from mkdocs.structure.files import File

FIGURE = re.compile(r"\]\(\.\./((?:runs|benchmarks)/[^)]+\.(?:svg|png))\)")


def on_files(files, config):
    """Add the figures that pages name to the site's files."""
    root = Path(config.config_file_path).parent
    named = {path for page in files.documentation_pages() for path in figures_of(page)}
    for path in sorted(named):
        files.append(File.generated(config, path, abs_src_path=str(root / path)))
    return files


def figures_of(page):
    """Return the paths of a page's figures, from the repository's folder."""
    return FIGURE.findall(page.content_string)


def on_page_markdown(markdown, page, config, files):
    """Point a page's figures to their copies."""
    return FIGURE.sub(r"](\1)", markdown)
