"""The disk cache of images at the training size, kept between runs."""
