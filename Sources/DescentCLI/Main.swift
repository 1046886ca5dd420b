import KerasFiles

@main
enum Main {
  static func main() {
    // Files that only libhdf5 can read are read by this program in a process of its own.
    HDF5ReaderProcess.serveIfAsked()
    DescentCommand.main()
  }
}
