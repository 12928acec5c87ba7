"""Definitions as files: segments, triggers, rules and experiments, one YAML file each.

* ``problems``: what is wrong with a file, and on which line
* ``source``: reads YAML and remembers the line of every value
* ``catalog``: the words that a definition may use (seeds, names of other definitions)
* ``conditions``: the conditions of an audience (``who``), their forms and their words
* ``kinds``: the kinds of definitions; each stands in a module of its own with a model, and may
  have checks and tables of its own. A kind with an audience needs no more: its conditions become
  rows of ``criteria`` and ``clauses``, and the model ``agg_audience_members`` (kind, name, voter)
  evaluates all of them at once
* ``load``: reads and checks a folder, and makes the rows that a build reads

Nothing here reads data or imports dbt: a check takes less than a second.
"""
