"""What a run can be made of: models, data sets, optimizers, losses, metrics, schedules."""
