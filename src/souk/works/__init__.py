"""Works: artifacts (bytes), revisions (trees), listings (public faces), offers (prices)."""
