"""`python -m deploy explain`: prints one cause, one piece of advice and the facts about one schedule."""
