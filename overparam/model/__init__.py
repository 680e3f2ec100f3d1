"""The model: networks, activations, losses, initializations, data, and problems composed of them."""
