"""What trains: the reference, exact and batched engines behind one interface; and the gist's functions, bound."""
