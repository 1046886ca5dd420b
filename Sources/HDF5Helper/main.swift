import KerasFiles

HDF5ReaderProcess.serve()
