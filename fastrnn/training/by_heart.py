"""Whether a model has probably memorized its text; only a held-out text can show it for sure."""

# Epochs over a text with fewer characters than the model has parameters. With tanh and GRU, H = 128, on 1.5 and 15 kB
# of Shakespeare, held-out bits are best after 8 to 19 epochs, and 2 to 21 % worse after 30. On 90 kB the GRU (as many
# parameters as characters) ends 9 % above its best. Tanh (0.4 parameters per character) is best at the end, and 1 %
# worse after 100. On 400 kB neither ends above its best after 30.
OFTEN = 20


def by_heart(epochs: float, characters: int, parameters: int) -> bool:
    """True if a model with ``parameters`` parameters has probably memorized the text after this many epochs."""
    return epochs > OFTEN * max(1.0, characters / parameters)
