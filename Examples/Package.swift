// swift-tools-version: 6.0
import PackageDescription

// Notebooks of a Keras textbook, line by line in Swift: a package of its own, as a user's would be. README.md says how to run them.
let support: Target.Dependency = "ExampleSupport"
let keras: Target.Dependency = .product(name: "KerasFiles", package: "Descent")
let images: Target.Dependency = .product(name: "DescentImages", package: "Descent")
let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Descent", path: "..")],
  targets: [
    .target(name: "ExampleSupport", dependencies: [keras]),
    .executableTarget(name: "FirstNetwork", dependencies: [keras, support]),
    .executableTarget(name: "DeepNetwork", dependencies: [keras, support]),
    .executableTarget(name: "TrainingANetwork", dependencies: [keras, support]),
    .executableTarget(name: "ConvolutionalNetwork", dependencies: [keras, support]),
    .executableTarget(name: "WhatANetworkSees", dependencies: [keras, images, support]),
    .executableTarget(name: "RecurrentNetwork", dependencies: [keras, support]),
    .executableTarget(name: "LSTMAndGRU", dependencies: [keras, support]),
    .executableTarget(name: "CharacterTransformer", dependencies: [keras, support]),
    .executableTarget(name: "SpokenVowels", dependencies: [keras, support]),
    .executableTarget(name: "TemperatureForecast", dependencies: [keras, support]),
    .executableTarget(name: "ResidualNetwork", dependencies: [keras, support]),
    .executableTarget(name: "Autoencoder", dependencies: [keras, images, support]),
    .executableTarget(name: "SeriesOfGestures", dependencies: [keras, support]),
    .executableTarget(name: "FolderOfPictures", dependencies: [keras, images, support]),
  ],
  swiftLanguageModes: [.v6]
)
