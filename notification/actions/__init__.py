"""What runs do, one file per action: a new file with an `@action("…")` function is a new action, no other edit."""
