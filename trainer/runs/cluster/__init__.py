"""Training on a Ray cluster. Ray is imported only where TRAINDECK_RAY is set and somebody asks for the cluster."""
