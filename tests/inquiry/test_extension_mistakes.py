"""Mistakes of extension modules in C, from the check's verdict to the words: what is lost, by whom, and how often."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
