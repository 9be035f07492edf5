"""Learning-rate schedules: each entry returns a Keras schedule, a function of the batches trained on so far.

The learning rate follows from the step alone, so a resumed run continues with the right one.
Traits: `trainer.config.traits.ScheduleTraits`.
"""
