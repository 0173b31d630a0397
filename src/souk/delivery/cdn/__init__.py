"""The CDN's control plane: nodes, regions, the way to the nearest, purges, residency, figures."""
