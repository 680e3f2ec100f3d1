"""The report: a study as one HTML file that needs no network and no installation."""

from overparam.report.claims import KINDS, Claim, Fit
from overparam.report.page import ReportingUnavailable, require
from overparam.report.runs import Replayer
from overparam.report.write import ENDINGS, Refresher, Written, write_report

__all__ = [
    "ENDINGS",
    "KINDS",
    "Claim",
    "Fit",
    "Refresher",
    "Replayer",
    "ReportingUnavailable",
    "Written",
    "require",
    "write_report",
]
