"""Files of pictures in the formats GIF and BMP, of every kind: Pillow writes few of them. `keras_images.py` has Keras read them."""

import io
import struct

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 5, 7


def saved(picture, kind, **settings):
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def gif(screen, indices, place=(0, 0), palette=None, local=None, transparent=None, comment=False):
    """One picture: a code for each pixel, and the decoder's table is emptied before its codes get longer."""
    height, width = indices.shape
    bits = max(2, int(indices.max()).bit_length())

    def table(colours):
        return 0 if colours is None else 0x80 | (len(colours).bit_length() - 2)

    file = b"GIF89a" + struct.pack("<HHBBB", *screen, table(palette), 1, 0)
    file += b"" if palette is None else palette.astype("u1").tobytes()
    if comment:
        file += b"!\xfe\x05hello\x03you\0"
    if transparent is not None:
        file += b"!\xf9\x04" + struct.pack("<BHB", 1, 0, transparent) + b"\0"
    file += b"," + struct.pack("<HHHHB", *place, width, height, table(local)) + (b"" if local is None else local.astype("u1").tobytes())
    codes = []
    for number, index in enumerate(indices.reshape(-1).tolist()):
        if number % ((1 << bits) - 2) == 0:
            codes.append(1 << bits)
        codes.append(index)
    stream = np.array([code >> bit & 1 for code in codes + [(1 << bits) + 1] for bit in range(bits + 1)], "u1")
    data = np.packbits(stream, bitorder="little").tobytes()
    blocks = b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
    return file + bytes([bits]) + blocks + b"\0;"


def gifs(random):
    def indices(count, height=HEIGHT, width=WIDTH):
        return random.randint(0, count, (height, width))

    def colours(count):
        return random.randint(0, 256, (count, 3))

    def picture(height, width, count):
        result = Image.fromarray(indices(count, height, width).astype("u1"), "L").convert("P")
        result.putpalette(colours(count).astype("u1").tobytes())
        return result

    screen = (WIDTH, HEIGHT)
    smooth = picture(20, 18, 200)
    smooth.putdata([(x * y // 3 + 5 * x) % 200 for y in range(20) for x in range(18)])
    frames = [picture(6, 7, 30) for _ in range(3)]
    files = {
        "interlaced": saved(smooth, "gif", interlace=1),
        "plain": saved(smooth, "gif", interlace=0),
        "animated": saved(frames[0], "gif", save_all=True, append_images=frames[1:], duration=40, loop=0),
        "grey": saved(Image.fromarray(indices(256).astype("u1"), "L"), "gif"),
        "two": gif(screen, indices(2), palette=colours(2)),
        "local": gif(screen, indices(8), palette=colours(4), local=colours(8), comment=True),
        "no-palette": gif(screen, indices(256)),
        "transparent": gif(screen, indices(16), palette=colours(16), transparent=3),
        "small": gif((9, 8), indices(16), (1, 2), palette=colours(16)),
        "small-transparent": gif((9, 8), indices(16), (1, 2), palette=colours(16), transparent=5),
        "beyond": gif((3, 4), indices(4), (2, 1), local=colours(4)),
    }
    return {f"{name}.gif": data for name, data in files.items()}


def bmp(bits, rows, palette=None, header=40, top_down=False, masks=None, compression=None, data=None, declared=None):
    """The rows as numbers of pixels, or as bytes already; masks are those of red, green, blue and perhaps opacity."""
    height, width = rows.shape[:2]
    if data is None:
        lines = []
        for row in rows:
            if bits < 8:
                digits = np.unpackbits(row.astype("u1")[:, None], axis=1)[:, 8 - bits:]
                line = np.packbits(digits.reshape(-1)).tobytes()
            else:
                line = b"".join(int(pixel).to_bytes(bits // 8, "little") for pixel in row)
            lines.append(line + bytes(-len(line) % 4))
        data = b"".join(lines if top_down else lines[::-1])
    if compression is None:
        compression = 0 if masks is None else 3
    if header == 12:
        description = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        description = struct.pack(
            "<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression, len(data), 2835, 2835, declared or 0, 0)
        if masks is not None:
            fields = list(masks) + [0] * (4 - len(masks))
            description += struct.pack("<IIII", *fields)[:12 if header in (40, 52) else 16]
        description += bytes(max(0, header - len(description)))
    if palette is not None:
        filler = b"" if header == 12 else b"\0"
        description += b"".join(bytes(colour[::-1].tolist()) + filler for colour in palette.astype("u1"))
    start = 14 + len(description)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + description + data


def runs(random, bits):
    """The lines from the lowest one up: runs, pixels one by one, a jump, and one line that ends early."""
    top = 1 << bits
    low, high = random.randint(1, top, 9).tolist(), random.randint(1, top, 9).tolist()

    def pair(a, b):
        return a << 4 | b if bits == 4 else a

    literal = bytes([low[0] << 4 | low[1], low[2] << 4, 0][:2]) if bits == 4 else bytes(low[:3] + [0])
    literal5 = bytes([high[0] << 4 | high[1], high[2] << 4 | high[3], high[4] << 4, 0]) if bits == 4 else bytes(high[:5] + [0])
    data = bytes([4, pair(low[3], low[4]), 0, 3]) + literal + b"\0\0"
    data += bytes([7, pair(low[5], low[6])]) + b"\0\0"
    data += bytes([2, pair(high[5], high[6]), 0, 2, 3, 1]) + bytes([2, pair(high[7], high[8])]) + b"\0\0"
    data += bytes([0, 5]) + literal5 + bytes([9, pair(low[7], low[8])]) + b"\0\0\0\1"
    return data


def bmps(random):
    def numbers(bits):
        return random.randint(0, 1 << bits, (HEIGHT, WIDTH))

    def colours(count):
        return random.randint(0, 256, (count, 3))

    grey = np.arange(256)[:, None].repeat(3, 1)
    files = {}
    for bits in (1, 4, 8):
        files[f"palette{bits}"] = bmp(bits, numbers(bits), colours(1 << bits))
    files["few8"] = bmp(8, random.randint(0, 5, (HEIGHT, WIDTH)), colours(5), declared=5, top_down=True)
    files["grey8"] = bmp(8, numbers(8), grey)
    files["black-and-white"] = bmp(1, numbers(1), np.array([[0] * 3, [255] * 3]))
    for bits in (16, 24, 32):
        files[f"rgb{bits}"] = bmp(bits, numbers(bits))
        files[f"rgb{bits}-top-down"] = bmp(bits, numbers(bits), top_down=True)
    files["fields565"] = bmp(16, numbers(16), masks=(0xF800, 0x7E0, 0x1F))
    files["fields555-v4"] = bmp(16, numbers(16), masks=(0x7C00, 0x3E0, 0x1F), header=108)
    files["fields888"] = bmp(32, numbers(32), masks=(0xFF000000, 0xFF0000, 0xFF00), header=52)
    files["fields8888"] = bmp(32, numbers(32), masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000), header=56)
    files["fields8888-v5"] = bmp(32, numbers(32), masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000), header=124)
    files["fields-none"] = bmp(32, numbers(32), masks=(0, 0, 0, 0), header=124)
    files["os2-palette4"] = bmp(4, numbers(4), colours(16), header=12)
    files["os2-rgb24"] = bmp(24, numbers(24), header=12)
    files["os2-2-palette8"] = bmp(8, numbers(8), colours(256), header=64)
    files["runs8"] = bmp(8, numbers(8), colours(256), compression=1, data=runs(random, 8))
    files["runs4"] = bmp(4, numbers(4), colours(16), compression=2, data=runs(random, 4))
    files["pillow24"] = saved(Image.fromarray(random.randint(0, 256, (HEIGHT, WIDTH, 3)).astype("u1")), "bmp")
    files["pillow8"] = saved(Image.fromarray(numbers(8).astype("u1"), "L"), "bmp")
    return {f"{name}.bmp": data for name, data in files.items()}
