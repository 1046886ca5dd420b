"""HDF5 files that name something outside of themselves, each in the forms that different readers meet.

h5py 3.x (any); writes Tests/Fixtures/keras-files/outside/. Each kind comes
  plain       in the format that Keras writes,
  latest      in the format of HDF5 1.10, the newest that libhdf5 1.10 reads,
  compressed  after an array that only libhdf5 can read,
  dense       in a group so large that only libhdf5 can walk it.
"""
import os
import h5py
import numpy as np

folder = os.path.join(os.path.dirname(__file__), "..", "keras-files", "outside")
os.makedirs(folder, exist_ok=True)


def external_storage(f):
    f.create_dataset("layers/dense/vars/0", shape=(4, 8), dtype="f4", external=[("secret.bin", 0, 128)])


def virtual_dataset(f, source="secret.h5"):
    layout = h5py.VirtualLayout(shape=(4, 8), dtype="f4")
    layout[:] = h5py.VirtualSource(source, "data", shape=(4, 8))
    f.require_group("layers/dense/vars").create_virtual_dataset("0", layout)


def virtual_dataset_of_itself(f):
    f.create_dataset("data", data=np.zeros((4, 8), "f4"))
    virtual_dataset(f, ".")


def external_link(f):
    f.require_group("layers/dense/vars")["0"] = h5py.ExternalLink("secret.h5", "/data")


def soft_link(f):
    f.create_dataset("data", data=np.zeros((4, 8), "f4"))
    f.require_group("layers/dense/vars")["0"] = h5py.SoftLink("/data")


def parent_name(f):
    f.create_dataset("layers/dense/vars/..", data=np.zeros((4, 8), "f4"))


kinds = [external_storage, virtual_dataset, virtual_dataset_of_itself, external_link, soft_link, parent_name]
for kind in kinds:
    name = kind.__name__.replace("_", "-")
    for form in ["plain", "latest", "compressed", "dense"]:
        with h5py.File(os.path.join(folder, f"{name}.{form}.h5"), "w", libver=("v110", "v110") if form in ["latest", "dense"] else None) as f:
            if form == "compressed":
                f.create_dataset("a", data=np.zeros(64, "f4"), compression="gzip", chunks=(64,))
            if form == "dense":
                for index in range(12):
                    f.create_dataset(f"a{index}", data=np.zeros(1, "f4"))
            kind(f)
