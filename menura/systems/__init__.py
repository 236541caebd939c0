"""Systems that can be trained, one folder each; `menura.systems.registry` lists them."""
