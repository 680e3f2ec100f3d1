"""What methods and theory share: Gaussian expectations, Hermite series, Khatri–Rao products, intervals."""
