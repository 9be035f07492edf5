"""From a recipe to a trained model: building, the loop, sessions."""
