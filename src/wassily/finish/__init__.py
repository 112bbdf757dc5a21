"""What is done to pixels after the networks."""
