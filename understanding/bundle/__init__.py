"""A model bundle: the folder that holds a model, loaded, checked and written whole, and the pointer to one."""
