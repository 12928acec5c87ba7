"""An independent reading of the definitions, in plain Python loops.

It shares no code with the models: it reads the same extracts, applies the written definitions one
by one, and its answers are compared with the built marts. Where the two disagree, one is wrong.
"""
