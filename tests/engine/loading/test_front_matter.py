"""Of a README's front matter, the fields that model cards use are understood and others do no harm."""

from pathlib import Path

import pytest

from wassily.engine.loading.front_matter import read_front_matter


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("---\nlicense: apache-2.0\n---\n# Title", {"license": ("apache-2.0",)}),
        ("---\nprior:\n- org/a\n  - org/b\n---", {"prior": ("org/a", "org/b")}),
        ("---\nprior: [org/a, 'org/b']  # two\n---", {"prior": ("org/a", "org/b")}),
        ('---\nprior: "org/a"\n---', {"prior": ("org/a",)}),
        ("---\n# a comment\n\nwidget:\n- text: a: b\n  url: c\n---", {"widget": ("text: a: b",)}),
        ("\ufeff---\r\nlicense: mit\r\n---\r\n", {"license": ("mit",)}),
        ("---\nlicense: mit\n", {}),
        ("# Title\nlicense: mit\n---\n", {}),
        ("", {}),
    ],
)
def test_fields(tmp_path: Path, text: str, fields: dict[str, tuple[str, ...]]) -> None:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert read_front_matter(tmp_path) == fields


def test_no_readme_and_one_that_is_not_text(tmp_path: Path) -> None:
    assert read_front_matter(tmp_path) == {}
    (tmp_path / "README.md").write_bytes(b"---\n\xff\xfe\n---")
    assert read_front_matter(tmp_path) == {}
