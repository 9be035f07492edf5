"""Metrics: each entry returns a Keras metric of (y, prediction), as the data and the model give them.

A metric has the name of its entry. Its variables exist from the start, so that it can be updated inside
`tf.function`. A metric with a method `of_batch(y, prediction)` computes its own value for a single batch.
NaN means undefined and is not shown. Traits: `trainer.config.traits.MetricTraits`.
"""
