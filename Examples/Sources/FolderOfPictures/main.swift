// A folder of pictures, one folder for each class, as people have them: read, trained on, and one picture predicted.
import DescentImages
import ExampleSupport
import Foundation
import KerasFiles

setRandomSeed(42)

// Here the folder is made of Fashion-MNIST's pictures; any other with a folder for each class will do.
let names = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
let ((pixels, labels), _) = try loadFashionMNIST()
let count = isSmall ? 200 : 6000
for (number, label) in labels[0..<count].doubles.enumerated() {
  let folder = "clothes/\(names[Int(label)])"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  try saveImage("\(folder)/\(number).png", pixels[number..<(number + 1)].reshaped([28, 28, 1]), scale: false)
}

let (training, validation) = try imageDatasetsFromDirectory(
  "clothes", colorMode: .grayscale, imageSize: (28, 28), seed: 123, validationSplit: 0.2)
print(training.classNames)
expect("the classes", training.classNames, is: names.sorted())

let model = Sequential {
  Rescaling(1 / 255, inputShape: [28, 28, 1])
  RandomTranslation(0.05, 0.05)
  Conv2D(32, 3, padding: .same, activation: .relu)
  MaxPooling2D(2)
  Flatten()
  Dropout(0.3)
  Dense(10)
}
try model.compile(optimizer: "adam", loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: ["accuracy"])
let history = try model.fit(training, epochs: epochs(8), validationData: validation)
expect("validation accuracy", history["val_accuracy"].last, atLeast: 0.8)

let path = validation.filePaths[0]
let picture = try imageToArray(loadImage(path, colorMode: .grayscale, targetSize: (28, 28)))
let scores = try model.predict(picture.expandingShape(at: 0))
print("\(path) is predicted as \(training.classNames[Int(scores.argmax().item())])")
