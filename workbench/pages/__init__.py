"""One module a page: it wires components to functions and holds no logic of its own."""
