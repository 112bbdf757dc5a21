"""Every workflow through the engine on tiny checkpoints of every family that can do it."""

import numpy as np
import pytest
from PIL import Image

from tests.parity.pictures import hole, photo
from tests.parity.reference import load_engine
from wassily.engine.events import Step
from wassily.errors import CapabilityError
from wassily.picture import Picture
from wassily.request import Image2Image, Inpaint, Interpolate, Mix, Outpaint, Text2Image

PROMPT = "a red fox in a snowy forest"
QUICK = {"steps": 2, "seed": 8}
ORDINARY = ["tiny21", "tiny22", "tiny3"]
INPAINTING = ["tiny21_inpaint", "tiny22_inpaint", "tiny3_inpaint"]


@pytest.fixture(scope="module", params=ORDINARY)
def engine(request):
    return load_engine(request.getfixturevalue(request.param))


@pytest.fixture(scope="module", params=ORDINARY + INPAINTING)
def any_engine(request):
    return load_engine(request.getfixturevalue(request.param))


@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 64), (100, 70), (64, 129)])
def test_any_size_comes_back_exactly(engine, width, height):
    [picture] = engine.make(Text2Image(prompt=PROMPT, width=width, height=height, **QUICK))
    assert picture.image.size == (width, height)


def test_one_side_alone_makes_a_square(engine):
    [picture] = engine.make(Text2Image(prompt=PROMPT, height=70, **QUICK))
    assert picture.image.size == (70, 70)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_image2image_takes_every_mode_and_keeps_the_shape(engine, mode):
    source = photo(90, 70)
    image = (
        Image.fromarray(np.asarray(source.convert("L")).astype(np.uint16) * 256)
        if mode == "I;16"
        else source.convert(mode)
    )
    [picture] = engine.make(Image2Image(prompt=PROMPT, image=image, **QUICK))
    assert picture.image.size == (90, 70)


def test_image2image_honours_the_orientation_of_a_photo(engine, tmp_path):
    upright = photo(64, 96)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate a quarter to the right to see it upright
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "photo.png", exif=exif)
    request = Image2Image(prompt=PROMPT, image=tmp_path / "photo.png", strength=0, **QUICK)
    assert np.array_equal(engine.make(request)[0].pixels, np.asarray(upright))


def test_strength_decides_how_much_changes(engine):
    image = photo(64, 64)

    def change(strength):
        [picture] = engine.make(Image2Image(prompt=PROMPT, image=image, strength=strength, steps=10, seed=1))
        return np.abs(picture.pixels.astype(int) - np.asarray(image)).mean()

    assert change(0) == 0
    assert change(0.001) > 0, "at least one step is taken"


def test_large_pictures_are_drawn_at_the_size_of_the_model(engine):
    side = engine.core.spec.width
    request = Image2Image(prompt=PROMPT, image=Image.new("RGB", (side * 4, side)), strength=0, **QUICK)
    assert engine.make(request)[0].image.size == (side * 2, side // 2)


@pytest.mark.parametrize("feather", [0, 6])
@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_inpainting_keeps_what_is_black_to_the_last_bit(any_engine, strength, feather):
    image, mask = photo(90, 75), hole(90, 75)
    request = Inpaint(
        prompt=PROMPT, image=image, mask=mask, strength=strength, feather=feather, count=2, **QUICK
    )
    for picture in any_engine.make(request):
        kept = np.asarray(mask) == 0
        assert np.array_equal(picture.pixels[kept], np.asarray(image)[kept])
        inside = np.abs(picture.pixels.astype(int) - np.asarray(image))[~kept]
        assert inside.mean() > 3


@pytest.mark.parametrize(
    ("grow", "size"),
    [({"left": 30, "bottom": 5}, (120, 75)), ({"aspect": 2.0}, (140, 70)), ({"aspect": 0.5}, (90, 180))],
)
def test_outpainting_grows_the_canvas_around_the_picture(any_engine, grow, size):
    image = photo(90, 70)
    request = Outpaint(prompt=PROMPT, image=image, feather=4, **grow, **QUICK)
    [picture] = any_engine.make(request)
    assert picture.image.size == size
    left, top, _, _ = request.margins
    old = picture.pixels[top : top + 70, left : left + 90]
    inner = (slice(4, -4), slice(4, -4))
    assert np.array_equal(old[inner], np.asarray(image)[inner])
    assert picture.pixels.shape[:2] != (70, 90)


def test_mixes_of_texts_and_pictures(engine):
    picture_too = engine.core.spec.family != "kandinsky-3"
    sources = [("a cat", 0.5), (photo(70, 64) if picture_too else "a dog", 0.5)]
    first, second = engine.make(Mix(sources=sources, width=64, count=2, **QUICK))
    assert not np.array_equal(first.pixels, second.pixels)


def test_a_strip_begins_and_ends_where_it_should(engine):
    options = {"width": 64, "height": 64, **QUICK}
    strip = engine.make(Interpolate(start="a cat", end="a dog", frames=4, **options))
    assert len(strip) == 4
    [start] = engine.make(Mix(sources=[("a cat", 1)], **options))
    [end] = engine.make(Mix(sources=[("a dog", 1)], **options))
    assert np.abs(strip[0].pixels.astype(int) - start.pixels).max() <= 1
    distances = [np.abs(frame.pixels.astype(int) - end.pixels).mean() for frame in strip]
    assert distances[3] < distances[0]
    [third] = engine.make(Interpolate(start="a cat", end="a dog", frames=4, frame=2, **options))
    assert np.array_equal(third.pixels, strip[2].pixels)


def test_a_strip_can_turn_the_noise_as_well(engine):
    options = {"width": 64, "height": 64, "steps": 2, "frames": 2}
    strip = engine.make(Interpolate(start="a cat", end="a cat", seed=1, end_seed=2, **options))
    [first] = engine.make(Mix(sources=[("a cat", 1)], width=64, height=64, steps=2, seed=1))
    assert np.abs(strip[0].pixels.astype(int) - first.pixels).max() <= 1
    assert not np.array_equal(strip[0].pixels, strip[1].pixels)


def test_a_run_yields_its_steps_and_then_its_pictures(engine):
    events = list(engine.run(Text2Image(prompt=PROMPT, width=64, count=2, steps=3, seed=1)))
    steps = [event for event in events if isinstance(event, Step) and event.stage == "decoder"]
    assert [(step.index, step.total) for step in steps] == [(1, 3), (2, 3), (3, 3)]
    assert [event.seed for event in events[-2:] if isinstance(event, Picture)] == [1, 2]
    previews = steps[1].previews()
    assert [preview.shape for preview in previews] == [(8, 8, 3), (8, 8, 3)]
    assert previews[0].dtype == np.uint8


def test_a_closed_run_stops_between_two_steps(engine):
    calls = []
    family = engine.core.family
    predict = family.predict
    family.predict = lambda *given, **named: (calls.append(1), predict(*given, **named))[1]
    run = engine.run(Text2Image(prompt=PROMPT, width=64, steps=9, seed=1))
    for event in run:
        if isinstance(event, Step) and event.stage == "decoder" and event.index == 2:
            break
    run.close()
    family.predict = predict
    assert len(calls) == 2


@pytest.mark.parametrize("name", INPAINTING)
def test_an_inpainting_network_draws_nothing_else(name, request):
    engine = load_engine(request.getfixturevalue(name))
    with pytest.raises(CapabilityError, match="only inpaints"):
        engine.make(Text2Image(prompt=PROMPT, **QUICK))


def test_a_sampler_of_another_family_is_refused(engine):
    other = "dpm++2m-karras" if engine.core.spec.family == "kandinsky-3" else "original"
    with pytest.raises(CapabilityError, match="cannot be drawn with the sampler"):
        engine.make(Text2Image(prompt=PROMPT, sampler=other, **QUICK))


@pytest.mark.parametrize("steps", [1, 2, 1000])
def test_karras_levels_exist_for_kandinsky_2(engine, steps):
    if engine.core.spec.family == "kandinsky-3":
        pytest.skip("refused there, see above")
    from wassily.engine.sampling.samplers import plan_moves

    moves = plan_moves(engine.core.family.schedule, "dpm++2m-karras", steps)
    assert len(moves) == steps
    sigmas = [float(move.levels.sigma / move.levels.alpha) for move in moves]
    assert sigmas == sorted(sigmas, reverse=True)
