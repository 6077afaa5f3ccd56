"""The reference, exact and batched engines behind one interface; and fastrnn.bind, the gist's own functions."""
