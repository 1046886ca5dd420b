"""Truths and another enumeration of one-byte integers, in the format of HDF5 1.6 and in that of 1.10.

h5py 3.x; writes Tests/Fixtures/keras-files/enumerations.h5 and enumerations.latest.h5.
"""
import os
import h5py
import numpy as np

folder = os.path.join(os.path.dirname(__file__), "..", "keras-files")

for name, version in [("enumerations.h5", "earliest"), ("enumerations.latest.h5", ("v110", "v110"))]:
    with h5py.File(os.path.join(folder, name), "w", libver=version) as f:
        f.create_dataset("truths", data=np.array([True, False, True]))
        colors = h5py.enum_dtype({"red": 0, "green": 1, "blue": 2}, basetype="i1")
        f.create_dataset("colors", data=np.array([0, 2, 1], "i1"), dtype=colors)
for name, version in [("truths.h5", "earliest"), ("truths.latest.h5", ("v110", "v110"))]:
    with h5py.File(os.path.join(folder, name), "w", libver=version) as f:
        f.create_dataset("truths", data=np.array([True, False, True]))
