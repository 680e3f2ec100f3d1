"""The theory, computed: Gaussian expectations, Hermite series, kernels, Khatri–Rao products, theorems."""

from overparam.quantities.gaussian import Estimate, expectation
from overparam.quantities.hermite import HermiteSeries, hermite_coefficients, hermite_series
from overparam.quantities.intervals import Interval
from overparam.quantities.khatri_rao import (
    KhatriRaoSpectrum,
    khatri_rao,
    khatri_rao_power,
    khatri_rao_spectrum,
)
from overparam.theory.binomial import clopper_pearson
from overparam.theory.certificate import Certificate, certificate_of, certify, evaluate
from overparam.theory.chain import Chain, Rung, lower_bounds, lower_bounds_of, start_eigenvalues
from overparam.theory.closed_forms import DerivativeKernel, ValueKernel
from overparam.theory.constants import (
    ActivationConstants,
    DerivativeBound,
    activation_constants,
    curvature_bound,
    derivative_bound,
)
from overparam.theory.curves import Claims, Curve, LeftOut, chosen, claims
from overparam.theory.draws import Draws, Frequency, Held, over_draws
from overparam.theory.empirical import JacobianSpectrum, empirical_kernel, jacobian_change, jacobian_spectrum
from overparam.theory.evaluated import Evaluated, Failed, Inapplicable, Rate
from overparam.theory.following import follow
from overparam.theory.gap import Factor, Gap, gaps
from overparam.theory.kernels import (
    Kernel,
    Sampled,
    feature_covariance,
    network_covariance,
    sampled_covariance,
    smallest_eigenvalue,
)
from overparam.theory.laziness import Laziness, laziness
from overparam.theory.linearized import Prediction, linearized_residuals, prediction
from overparam.theory.probes import Probe, Trajectory
from overparam.theory.report import TheoryReport, report_of, setting_in_double, theory_report
from overparam.theory.setting import Setting
from overparam.theory.theorems import (
    Assertion,
    Claim,
    ClaimKind,
    Conclusion,
    Growth,
    Hypothesis,
    LowerBound,
    Theorem,
    builtin_claims,
    builtin_theorems,
)

__all__ = [
    "ActivationConstants",
    "Assertion",
    "Certificate",
    "Chain",
    "Claim",
    "ClaimKind",
    "Claims",
    "Conclusion",
    "Curve",
    "DerivativeBound",
    "DerivativeKernel",
    "Draws",
    "Estimate",
    "Evaluated",
    "Factor",
    "Failed",
    "Frequency",
    "Gap",
    "Growth",
    "Held",
    "HermiteSeries",
    "Hypothesis",
    "Inapplicable",
    "Interval",
    "JacobianSpectrum",
    "Kernel",
    "KhatriRaoSpectrum",
    "Laziness",
    "LeftOut",
    "LowerBound",
    "Prediction",
    "Probe",
    "Rate",
    "Rung",
    "Sampled",
    "Setting",
    "Theorem",
    "TheoryReport",
    "Trajectory",
    "ValueKernel",
    "activation_constants",
    "builtin_claims",
    "builtin_theorems",
    "certificate_of",
    "certify",
    "chosen",
    "claims",
    "clopper_pearson",
    "curvature_bound",
    "derivative_bound",
    "empirical_kernel",
    "evaluate",
    "expectation",
    "feature_covariance",
    "follow",
    "gaps",
    "hermite_coefficients",
    "hermite_series",
    "jacobian_change",
    "jacobian_spectrum",
    "khatri_rao",
    "khatri_rao_power",
    "khatri_rao_spectrum",
    "laziness",
    "linearized_residuals",
    "lower_bounds",
    "lower_bounds_of",
    "network_covariance",
    "over_draws",
    "prediction",
    "report_of",
    "sampled_covariance",
    "setting_in_double",
    "smallest_eigenvalue",
    "start_eigenvalues",
    "theory_report",
]
