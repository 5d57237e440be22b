"""The kit that checks clients, held against clients of which it is known what is wrong with them."""
