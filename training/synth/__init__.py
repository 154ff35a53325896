"""The parts that synthetic funding statements are made of; `training.synthesis` joins them."""
