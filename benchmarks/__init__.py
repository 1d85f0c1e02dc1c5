"""Measurements of hubpilot beside other programs in the same run: `python -m benchmarks`. They print figures and judge nothing."""
