"""How the shipped model is made: phrases in, GGUF encoder and NumPy heads out. Needs PyTorch; never imported at run time."""
