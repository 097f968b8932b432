"""The serving layer put together: merge, tail and explanations in one service."""
