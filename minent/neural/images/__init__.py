"""Pictures to learn from (idx files, folders of images, glyphs of characters), and grids of pictures as PNG."""
