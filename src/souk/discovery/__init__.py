"""How people find works and talk about them: search, reviews, collections, recommendations."""
