"""Losses: each entry returns a function of (y, prediction) that gives one number, the mean over the batch.

`y` and `prediction` by task:

    classification: int32 (batch,) classes; probabilities (batch, classes), or (batch, 1) with a sigmoid.
    regression: float32 (batch, 1), both in the target's own units.
    multilabel: float32 (batch, labels) of 0 and 1; probabilities of the same shape.
    reconstruction: the scaled input; float32 of the same shape.
    generation: 1 where the discriminator should say "real", else 0; its scores (batch, 1).

The functions work inside `tf.function`, with and without XLA. Traits: `trainer.config.traits.LossTraits`.
"""
