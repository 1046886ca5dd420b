"""Asks TensorBoard's own reader about a folder of event files, and prints what it found.

pip install tensorboard==2.21.0
python check_tensorboard.py LOGS     (LOGS/train, LOGS/validation: as the TensorBoard callback writes them)
"""

import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

for folder in sorted(p for p in pathlib.Path(sys.argv[1]).rglob("*") if any(p.glob("events.out*"))):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    print(folder)
    if events.Tags()["graph"]:
        print("  graph: " + ", ".join(f"{node.name} ({node.op}) of {' and '.join(node.input) or 'nothing'}" for node in events.Graph().node))
    for tag in events.Tags()["tensors"]:
        values = events.Tensors(tag)
        plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
        last = tensor_util.make_ndarray(values[-1].tensor_proto)
        text = repr(last.tolist()) if last.size < 4 else f"{last.dtype} {list(last.shape)}"
        print(f"  {tag}: {plugin}, {len(values)} values, the last at step {values[-1].step}: {text[:100]}")
