"""What people pick out: favourites, collections, featured works, sellers they follow."""
