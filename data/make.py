"""Make the sample in this folder again: ``python data/make.py [FOLDER]``."""

import sys
from pathlib import Path

from pylops_flows.cli.demo_data import write_demo

SEED, SHAPE = 0, (6, 8, 64)

if __name__ == "__main__":
    print(write_demo(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent / "sample", SEED, SHAPE))
