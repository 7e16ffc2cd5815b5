"""`python -m deploy explain`: the facts about one schedule, one sentence of diagnosis, and the page with both."""
