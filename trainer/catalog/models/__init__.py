"""Models: each file registers one entry in `MODELS`. Traits: `trainer.config.traits.ModelTraits`."""
