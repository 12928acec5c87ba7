"""Pages of the docs that tell what a database holds; `scripts/render_docs.py` writes them."""
