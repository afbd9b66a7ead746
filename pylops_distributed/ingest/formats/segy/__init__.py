"""SEG-Y: layout, headers, geometry, samples, and export."""
