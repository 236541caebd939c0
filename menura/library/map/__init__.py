"""A map of the library: each track a point, like beside like.

`embed` makes positions out of vectors, `stored` keeps them in the library, `colours` says what a
point is coloured by, `page` and `picture` draw. Positions are [n, 2], without a unit.
"""
