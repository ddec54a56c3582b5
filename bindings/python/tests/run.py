#!/usr/bin/env python3
"""Runs the tests and notes how each one ended. usage: run.py [UNITTEST-ARGUMENT]..."""

import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent


class Noted(unittest.TextTestResult):
    """Appends a line for each test to the file that AIO_RESULTS names."""

    def startTest(self, test):
        super().startTest(test)
        self.outcome, self.bad = "ok", len(self.failures) + len(self.errors)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome = f"skipped\t{reason}"

    def stopTest(self, test):
        super().stopTest(test)
        failed = len(self.failures) + len(self.errors) > self.bad
        name = test.id().rpartition(".test_")[2]
        with open(os.environ.get("AIO_RESULTS", os.devnull), "a") as results:
            results.write(f"{name}\t{'failed' if failed else self.outcome}\n")


if __name__ == "__main__":
    runner = unittest.TextTestRunner(resultclass=Noted)
    unittest.main(module=None, argv=[sys.argv[0], *(sys.argv[1:] or ["discover", "-s", str(HERE)])], testRunner=runner)
