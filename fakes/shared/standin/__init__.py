"""What the stand-ins, the tap, the observer and the hold have in common. Found by `sys.path`; stdlib only."""
