"""How a customer feels: reads a text; says a value, one of five levels, and frustration; writes nothing."""
