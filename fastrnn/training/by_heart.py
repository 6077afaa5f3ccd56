"""Whether a model is likely to have learned its text by heart, which only a held-out text can tell for sure."""

# Passes over a text of fewer characters than parameters. Of tanh and GRU of H = 128 on 1.5 and 15 kB of Shakespeare,
# the best held-out bits come after 8 to 19 passes, and those at the end of 30 passes are 2 to 21 % above them. On 90 kB
# the GRU (as many parameters as characters) ends 9 % above; tanh (0.4 a character) has its best at the end, and ends
# 1 % above after 100. On 400 kB neither ends above its best after 30.
OFTEN = 20


def by_heart(epochs: float, characters: int, parameters: int) -> bool:
    """Of a text that was seen so often, by a model that has so many parameters."""
    return epochs > OFTEN * max(1.0, characters / parameters)
