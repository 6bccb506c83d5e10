"""Fits the store to what the board and the alerts ask for. Only translation lives here, no decisions."""
