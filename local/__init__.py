"""The local cloud: AWS as far as this project needs it, on a laptop. Never deployed; nothing imports it."""
