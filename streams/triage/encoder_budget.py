"""How much the encoder may do in one call of scoring: less the fuller the call, so that it never makes the lag."""


def encoder_budget(texts: int, most: int) -> int:
    """Return how many of a call's `texts` the encoder may read, where `most` is what a call holds when it is full.

    A call that holds few texts has room for all of them. Work that waits fills calls up: the room shrinks by one
    text for each, and a full call, which means that still more waits, leaves none. So the share of the encoder
    settles where calls take as long as their texts take to come.
    """
    return max(0, most - texts)
