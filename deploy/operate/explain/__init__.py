"""`python -m deploy explain`: one cause, one piece of advice, and the facts behind them, about one schedule."""
