"""Reviews: stars and words by holders of a licence, and the rating that follows from them."""
