"""The nginx engine: nginx answers clients, and the embedded node behind it decides what it may say.

Every address is checked by the node. It lets nginx keep small answers for a second, and hands large
files over with `X-Accel-Redirect`: nginx then sends their bytes from its own cache of slices, which
it fills from the node, which has checked them. What nginx cannot do the node answers through it.
"""
