"""Your own actions: each file with an `@action("…")` function adds one. Built-in ones are in `chalicelib/actions`."""
