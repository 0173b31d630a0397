"""The publish wizard: kind, details, files, price, review. A step a file."""

from souk.web.pages.publish import details, files, price, review, start

ROUTES = [*start.ROUTES, *details.ROUTES, *files.ROUTES, *price.ROUTES, *review.ROUTES]
