"""Neural models in PyTorch, the extra `minent[neural]`: each can be read alone; training and files are shared."""
