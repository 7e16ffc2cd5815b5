"""Your own actions: a new file with an `@action("…")` function is a new action. Built-in ones: `chalicelib/actions`."""
