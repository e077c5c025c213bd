"""A survey of a folder of pictures: its contents, and the data that training would use."""
