"""From files to characters, and from characters to ids."""
