"""Where an element lies: strides, addresses, bursts, and the price of changing one's mind."""
