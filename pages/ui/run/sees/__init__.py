"""The panel "What the model sees": a run's newest frame while it trains, any of them afterwards."""
