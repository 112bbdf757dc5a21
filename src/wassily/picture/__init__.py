"""A picture: its pixels and the recipe it was made by, in memory and in files."""

from wassily.picture.embedding import load_embedding, save_embedding
from wassily.picture.picture import Picture
from wassily.picture.reading import Settings, read_recipe, read_settings, text2image_of
from wassily.picture.recipe import Recipe
from wassily.picture.values import describe, request_of

__all__ = [
    "Picture",
    "Recipe",
    "Settings",
    "describe",
    "load_embedding",
    "read_recipe",
    "read_settings",
    "request_of",
    "save_embedding",
    "text2image_of",
]
