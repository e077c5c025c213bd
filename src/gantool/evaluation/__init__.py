"""Evaluation of trained models: samples measured against the data, beside the data against itself."""
