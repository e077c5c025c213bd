"""A run as one page of HTML: what is read from its folder, pictures, charts, and the page made of them."""
