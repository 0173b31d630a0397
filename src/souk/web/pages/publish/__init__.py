"""The publish wizard: kind, details, files, price, review. A step a file."""

from souk.web.pages.publish import details, files, gallery, price, review, start

ROUTES = [
    *start.ROUTES,
    *details.ROUTES,
    *files.ROUTES,
    *gallery.ROUTES,
    *price.ROUTES,
    *review.ROUTES,
]
