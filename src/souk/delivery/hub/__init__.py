"""The hub protocol: listings as repositories that Hugging Face tools push to and pull from."""
