#!/usr/bin/env python
"""Become JupyterLab, as theirs does."""

import os
import sys

os.execvp("jupyter", ["jupyter", "lab", "--ip=0.0.0.0", *sys.argv[1:]])
