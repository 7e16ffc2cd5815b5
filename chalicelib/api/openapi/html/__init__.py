"""The API reference at `GET /docs`: the OpenAPI document as one HTML page, complete without scripts.

`docs.js` and `docs.css` of the console's files add search, copy buttons and "try it".
"""

from .page import render

__all__ = ["render"]
