"""What a request asks beyond plain text, done on our side: upstream knows only text.

A `Shape` writes a request out in words (tools, formats) and makes a `Pipeline` of stages through
which the reply's chunks go. Everything here is sans-I/O.
"""
