"""What trains: the reference, exact and fast engines behind one interface; and the gist's functions, bound."""
