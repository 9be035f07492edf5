"""TensorFlow and the devices: start-up, determinism, placement."""
