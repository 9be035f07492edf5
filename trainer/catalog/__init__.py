"""What can be chosen: models, data sets, optimizers, losses, metrics, schedules."""
