"""Downloads: the run as a Python program and as a notebook, in plain TensorFlow and Keras."""
