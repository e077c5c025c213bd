"""Sets of tars in the manner of WebDataset, which are read in place, picture by picture, and never cached whole."""
