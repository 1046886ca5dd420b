// swift-tools-version: 6.0
import PackageDescription

// Fuzz targets for the file readers, apart from the package itself so that nobody who uses it builds them. `make fuzz` runs them.
let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Descent", path: "..")],
  targets: [
    .executableTarget(name: "Fuzz", dependencies: [.product(name: "KerasFiles", package: "Descent"), .product(name: "DescentImages", package: "Descent")])
  ],
  swiftLanguageModes: [.v6]
)
