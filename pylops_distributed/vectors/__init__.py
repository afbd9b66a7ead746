"""Vector spaces, block vectors, and elementwise and reducing arithmetic on them."""
