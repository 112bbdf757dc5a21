"""Where pictures are kept."""

from wassily.library.files import save_picture, slug_of

__all__ = ["save_picture", "slug_of"]
