"""A made-up world of voters, clients, mailings and gifts, written as extracts with a known truth.

`world` holds the population at large, `planted` the hand-made cases, `build` writes both.
"""
