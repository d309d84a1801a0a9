"""Pictures are made fit for upstream, or refused before they can do harm."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from grokdesk.services.picture_formats import DamagedPictureError, outline, sniff_picture
from grokdesk.services.pictures import UnfitPictureError, fit_picture
from tests.unit import picture_makers as make
from tests.unit.picture_makers import encoded, exif, opened, picture

KINDS = ["PNG", "JPEG", "WEBP", "GIF"]
ROOT = Path(__file__).parents[2]


def fit(data: bytes, max_side: int = 2048):
    found = fit_picture(data, max_side=max_side)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_fits_keeps_its_very_bytes(kind):
    data = picture(kind)
    found = fit(data)
    assert found.data is data
    assert found.mime == f"image/{kind.lower()}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_outline_tells_the_size(kind):
    data = picture(kind, (123, 45))
    found = sniff_picture(data)
    assert found is not None
    assert (outline(data, found).width, outline(data, found).height) == (123, 45)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (make.png_with_secrets(), "PNG"),
        (picture("JPEG", exif=exif(1), comment=b"Secret words"), "JPEG"),
        (picture("JPEG", progressive=True, xmp=b"<x>Secret</x>"), "JPEG"),
        (picture("WEBP", exif=exif(1), xmp=b"<x>Secret</x>"), "WEBP"),
        (picture("WEBP", lossless=True, exif=exif(1)), "WEBP"),
        (picture("GIF", comment=b"Secret words"), "GIF"),
    ],
)
def test_metadata_is_left_out_and_not_a_pixel_changes(data, kind):
    assert b"Secret" in data or b"eXIf" in data
    found = fit(data)
    assert b"Secret" not in found.data
    assert len(found.data) < len(data)
    after = opened(found.data)
    assert after.format == kind
    assert after.getexif() == {}
    assert "comment" not in after.info
    assert "xmp" not in after.info
    assert after.convert("RGB").tobytes() == opened(data).convert("RGB").tobytes()


def test_colours_and_moving_pictures_survive_the_removal_of_metadata():
    profile = b"a profile of colours" * 20
    data = picture("JPEG", icc_profile=profile, exif=exif(1))
    assert opened(fit(data).data).info["icc_profile"] == profile
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "green", "blue")]
    moving = encoded(
        frames[0], "GIF", save_all=True, append_images=frames[1:], comment=b"x", loop=0
    )
    assert opened(moving).n_frames == 3
    after = opened(fit(moving).data)
    assert after.n_frames == 3
    assert after.info["loop"] == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_is_set_upright_as_its_viewer_would(kind, orientation):
    from PIL import ImageOps

    data = picture(kind, exif=exif(orientation))
    found = fit(data)
    wanted = ImageOps.exif_transpose(opened(data)).convert("RGB")
    after = opened(found.data)
    assert after.getexif() == {}
    assert after.size == wanted.size
    for x, y in ((5, 5), (-5, 5), (5, -5), (-5, -5)):
        place = (x % after.width, y % after.height)
        red, _, blue = after.convert("RGB").getpixel(place)
        assert (red > blue) == (wanted.getpixel(place)[0] > wanted.getpixel(place)[2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("before", "after"), [((600, 300), (200, 100)), ((300, 600), (100, 200)), ((999, 2), (200, 1))]
)
def test_a_large_picture_is_made_smaller_and_keeps_its_shape(kind, before, after):
    found = fit(picture(kind, before), max_side=200)
    image = opened(found.data)
    assert image.size == after
    assert found.mime == ("image/png" if kind == "GIF" else f"image/{kind.lower()}")
    assert image.format == found.format.name


@pytest.mark.parametrize(
    ("mode", "color", "kind"),
    [
        ("1", 1, "PNG"),
        ("L", 200, "PNG"),
        ("LA", (200, 100), "PNG"),
        ("P", 3, "PNG"),
        ("RGBA", (200, 0, 0, 100), "PNG"),
        ("I;16", 40_000, "PNG"),
        ("CMYK", (10, 20, 30, 40), "JPEG"),
        ("L", 200, "JPEG"),
        ("RGBA", (200, 0, 0, 100), "WEBP"),
    ],
)
def test_every_kind_of_colours_can_be_made_smaller(mode, color, kind):
    data = encoded(Image.new(mode, (400, 400), color), kind)
    after = opened(fit(data, max_side=100).data)
    assert after.size == (100, 100)
    assert after.has_transparency_data == opened(data).has_transparency_data


def test_gray_in_sixteen_bits_keeps_its_brightness():
    data = encoded(Image.new("I;16", (400, 400), 0x8000), "PNG")
    assert opened(fit(data, max_side=100).data).getpixel((50, 50)) in (127, 128)


def test_of_a_large_moving_picture_the_first_frame_remains():
    frames = [Image.new("RGB", (300, 300), color) for color in ("red", "blue")]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    after = opened(fit(data, max_side=100).data)
    assert getattr(after, "n_frames", 1) == 1
    assert after.convert("RGB").getpixel((50, 50))[0] > 200


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make.png_header(40_000, 10), "wider or higher"),
        (make.png_header(10_000, 4_001), "million pixels"),
        (make.png_header(9, 9)[:33] + make.png_header(10_000, 9_000)[8:], "million pixels"),
        (make.jpeg_bomb(), "wider or higher"),
        (make.webp_bomb(), "million pixels"),
        (make.webp_bomb(1 << 24, 1), "wider or higher"),
        (make.gif_bomb(201), "frames"),
        (make.gif_bomb(), "frames"),
        (make.gif_wide(), "wider or higher"),
        (b"\x89PNG\r\n\x1a\n" + bytes(26 << 20), "larger than 25 MB"),
    ],
)
def test_a_bomb_is_refused_by_its_header(data, reason):
    with pytest.raises(UnfitPictureError, match=reason):
        fit(data)


def test_a_comment_that_would_unpack_to_much_is_left_out():
    assert len(fit(make.png_text_bomb()).data) < 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_breaks_off_anywhere_is_harmless(kind):
    data = picture(kind, exif=exif(6)) if kind != "GIF" else picture(kind, comment=b"abc")
    for end in range(16, len(data)):
        for side in (2048, 20):
            with contextlib.suppress(UnfitPictureError):
                fit(data[:end], max_side=side)


@pytest.mark.parametrize("kind", KINDS)
def test_any_changed_byte_is_harmless(kind):
    data = picture(kind, exif=exif(6)) if kind != "GIF" else picture(kind, comment=b"abc")
    for at in range(12, len(data)):
        changed = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        with contextlib.suppress(UnfitPictureError):
            fit_picture(changed, max_side=20)


@pytest.mark.parametrize("data", [b"", b"GIF", b"<svg/>", b"BM" + bytes(60), b"%PDF-1.7", b"RIFF"])
def test_what_is_no_picture_is_none(data):
    assert fit_picture(data, max_side=100) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [2048, 20])
def test_a_picture_without_its_second_half_is_damaged(kind, side):
    data = picture(kind, (400, 300))
    with pytest.raises(UnfitPictureError, match="damaged"):
        fit(data[: len(data) // 2], max_side=side)


def test_a_frame_count_of_zero_is_damage():
    with pytest.raises(DamagedPictureError):
        data = make.gif_bomb(0)
        outline(data, sniff_picture(data))


def test_a_picture_that_fits_needs_no_library(tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(picture("JPEG", exif=exif(1)))
    code = (
        "import sys; from grokdesk.services.pictures import fit_picture;"
        "fit_picture(open(sys.argv[1], 'rb').read(), max_side=2048);"
        "print([name for name in sys.modules if name.split('.')[0] == 'PIL'])"
    )
    command = [sys.executable, "-c", code, str(path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n"
        + make.png_header(9, 9)[8:33]
        + (bytes(4) + b"abCd" + bytes(4)) * 150_000,
        picture("JPEG")[:2] + b"\xff\xfe\x00\x02" * 150_000,
        picture("JPEG")[:2] + b"\xff" * 150_000,
        make.webp_bomb(9, 9, b"abcd\0\0\0\0" * 150_000),
    ],
)
def test_countless_blocks_are_not_counted(data):
    with pytest.raises(UnfitPictureError, match="damaged"):
        fit(data)
