"""How fast the pictures of a folder become batches with `keras.utils.image_dataset_from_directory` on TensorFlow, beside `DescentBench pictures FOLDER`.

    python pictures.py FOLDER            (--make: first writes 5,000 JPEG files of 320 × 240 to 640 × 480 there, with Pillow)
"""

import os
import sys
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

folder = [word for word in sys.argv[1:] if not word.startswith("--")][0]
if "--make" in sys.argv:
    import numpy as np
    from PIL import Image

    random = np.random.RandomState(1)
    for number in range(5000):
        kind = f"{folder}/kind{number % 5}"
        os.makedirs(kind, exist_ok=True)
        width, height = [(320, 240), (500, 375), (640, 480), (480, 640)][number % 4]
        # As smooth as photographs are, with some grain.
        coarse = Image.fromarray(random.randint(0, 256, (9, 12, 3), dtype="u1")).resize((width, height), Image.BICUBIC)
        grain = random.randint(-12, 13, (height, width, 1))
        Image.fromarray(np.clip(np.asarray(coarse, "i2") + grain, 0, 255).astype("u1")).save(f"{kind}/{number}.jpg", quality=85)

import keras

for size in (64, 180, 256):
    data = keras.utils.image_dataset_from_directory(folder, image_size=(size, size), shuffle=False, verbose=False)
    times = []
    for _ in range(3):
        start, rows, total = time.perf_counter(), 0, 0.0
        for x, _ in data:
            rows += x.shape[0]
            total += float(x[0, 0, 0, 0])
        times.append(time.perf_counter() - start)
    print(f"pictures {rows}, {size} × {size}: {int(rows / min(times))} a second ({', '.join(f'{t:.2f}' for t in times)} s), keras {keras.__version__}")
