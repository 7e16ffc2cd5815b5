"""`python -m deploy explain`: the evidence about one schedule, one sentence of verdict, and the page with both."""
