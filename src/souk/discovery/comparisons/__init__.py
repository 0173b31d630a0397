"""Up to six listings side by side: aligned rows, the best of each marked."""
