// An autoencoder: pictures through 32 numbers and back, by convolutions with strides and transposed ones. What the network makes of pictures it
// has not seen is drawn below them.
import DescentImages
import ExampleSupport
import KerasFiles

setRandomSeed(42)

let ((trainInput, _), (testInput, _)) = try loadFashionMNIST()
let train = trainInput.reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255
let test = testInput.reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255

let encoder = Sequential(
  [
    Input(shape: [28, 28, 1]),
    Conv2D(16, 3, strides: 2, padding: .same, activation: .relu),
    Conv2D(32, 3, strides: 2, padding: .same, activation: .relu),
    Flatten(),
    Dense(32, name: "code"),
  ], name: "encoder")
let decoder = Sequential(
  [
    Input(shape: [32]),
    Dense(7 * 7 * 32, activation: .relu),
    Reshape([7, 7, 32]),
    Conv2DTranspose(32, 3, strides: 2, padding: .same, activation: .relu),
    Conv2DTranspose(16, 3, strides: 2, padding: .same, activation: .relu),
    Conv2D(1, 3, padding: .same, activation: .sigmoid),
  ], name: "decoder")
let autoencoder = Sequential([encoder, decoder], name: "autoencoder")
autoencoder.summary(expandNested: true)

try autoencoder.compile(optimizer: "adam", loss: .binaryCrossentropy, metrics: ["mse"])
try autoencoder.fit(train, train, batchSize: 128, epochs: epochs(5), verbose: 2, validationData: (test, test))

// The mean picture of those trained with is what knowing nothing of a picture gives.
let error = try autoencoder.evaluate(test, test)["mse"]!
let ignorant = square(test - train.mean(axis: 0)).mean().item()
print("mean squared error \(error), of the mean picture \(ignorant)")
expect("part of the pictures' variance that 32 numbers keep", 1 - error / ignorant, atLeast: 0.86)

let shown = test[0..<10]
let codes = try encoder.predict(shown)
expect("the codes' shape", codes.shape, is: [10, 32])
let seen = try decoder.predict(codes)
try plotImageGallery(concatenate([shown, seen], axis: 0), rows: 2, valueRange: 0...1, scale: 1, path: "autoencoder.png")
print("autoencoder.png shows ten pictures, and what came back of them.")
