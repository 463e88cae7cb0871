"""Networks as tables of operations: built from their published architecture, or read from an .onnx file."""
