"""An agency's report of its refused records: how many for which reason, each of them, and what to do about it."""

from bewithu.rejection_report.as_csv import render_csv
from bewithu.rejection_report.as_html import render_html
from bewithu.rejection_report.report import Report, make_report

__all__ = ["Report", "make_report", "render_csv", "render_html"]
