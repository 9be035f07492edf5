"""Optimizers: each entry returns a Keras optimizer. Traits: `trainer.config.traits.OptimizerTraits`."""
