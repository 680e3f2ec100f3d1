"""The model: networks, activations, losses, initializations, data, and the problem that they make."""
