"""Pages of the docs that tell what a database holds; `tools/render_docs.py` writes them."""
