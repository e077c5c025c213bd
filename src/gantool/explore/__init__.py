"""A page in the browser, served on this machine alone, to look at what a model draws and to steer it."""
