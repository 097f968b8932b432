"""How satisfied customers are, who is expected not to be, and what is recommended."""
