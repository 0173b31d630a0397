"""Analytics: what people look at and buy, counted without watching anybody.

Facts come in by `api.Analytics.record` and from the events of orders and downloads, are kept for a
while, and are rolled up by hour and day. Dashboards, trending and recommendations read from here.
"""
