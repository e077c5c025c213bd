"""Generators as files that run without gantool: ONNX, and torch's own exported programs."""
