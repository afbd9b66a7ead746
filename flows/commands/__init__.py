"""What the words after ``pld`` do; ``flows.cli`` puts them together."""
