"""What `import wassily` offers."""

import pytest

import wassily


@pytest.mark.parametrize("name", [name for name in wassily.__all__ if name != "Engine"])
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(wassily, name) is not None
    assert name in dir(wassily)


def test_a_name_comes_from_its_own_module() -> None:
    from wassily.request import Text2Image

    assert wassily.Text2Image is Text2Image


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Text2Video"):
        wassily.Text2Video  # noqa: B018  # reading it is the test
