// Notebook 08-3: what a convolutional network sees. Its pictures are files here, its histograms numbers.
import DescentImages
import ExampleSupport
import KerasFiles

setRandomSeed(42)

let path = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "best-cnn-model.keras"
let model = try Sequential.load(path)
print(model.layers)

let conv = model.layers[0]
print(conv.variables[0].shape, conv.variables[1].shape)
expect("the kernel's shape", conv.variables[0].shape, is: [3, 3, 1, 32])

let convWeights = conv.variables[0].value
print(convWeights.mean(), convWeights.std())
print(convWeights[0..<3, 0..<3, 0..<1, 0..<1].reshaped([3, 3]))

/// Kernels [3, 3, 1, 32] as 32 pictures, all in the same shades.
func drawKernels(_ kernels: Tensor, _ path: String) throws {
  try plotImageGallery(kernels.transposed([3, 0, 1, 2]), rows: 2, valueRange: -0.5...0.5, scale: 1, path: path)
}

/// Maps [1, height, width, count] as so many pictures, each of which is white where it is greatest.
func drawFeatureMaps(_ maps: Tensor, rows: Int, _ path: String) throws {
  let pictures = maps.transposed([3, 1, 2, 0])
  let greatest = pictures.max(axes: [1, 2, 3], keepDims: true)
  try plotImageGallery(pictures / maximum(greatest, 1e-6), rows: rows, valueRange: 0...1, scale: 1, path: path)
}

try drawKernels(convWeights, "kernels-after.png")

let noTrainingModel = Sequential()
noTrainingModel.add(Input(shape: [28, 28, 1]))
noTrainingModel.add(Conv2D(32, 3, padding: .same, activation: .relu))
try noTrainingModel.build(rows: [28, 28, 1])
let noTrainingConv = noTrainingModel.layers[0]
print(noTrainingConv.variables[0].shape)
let noTrainingWeights = noTrainingConv.variables[0].value
print(noTrainingWeights.mean(), noTrainingWeights.std())
try drawKernels(noTrainingWeights, "kernels-before.png")

let inputs = Input(shape: [784])
let dense1 = Dense(100, activation: .relu)
let dense2 = Dense(10, activation: .softmax)
let hidden = try dense1(inputs)
let outputs = try dense2(hidden)
let funcModel = try Model(inputs: inputs, outputs: outputs)
print(funcModel.summaryText())

print(try model.inputs)
let convActi = try Model(inputs: model.inputs[0], outputs: model.layers[0].output)

let ((trainInput, _), _) = try loadFashionMNIST()
let ankleBoot = trainInput[0..<1].reshaped([-1, 28, 28, 1]).cast(to: .float32) / 255
var featureMaps = try convActi.predict(ankleBoot)
print(featureMaps.shape)
expect("the shape of the first feature maps", featureMaps.shape, is: [1, 28, 28, 32])
print(featureMaps.mean(axes: [0, 1, 2]))
try plotImageGallery(ankleBoot, valueRange: 0...1, path: "ankle-boot.png")
try drawFeatureMaps(featureMaps, rows: 4, "feature-maps-1.png")

let conv2Acti = try Model(inputs: model.inputs, outputs: model.layers[2].output)
featureMaps = try conv2Acti.predict(ankleBoot)
print(featureMaps.shape)
expect("the shape of the second feature maps", featureMaps.shape, is: [1, 14, 14, 64])
print(featureMaps.mean(axes: [0, 1, 2]))
try drawFeatureMaps(featureMaps, rows: 8, "feature-maps-2.png")
print("Drawn: ankle-boot, kernels-before and -after, feature-maps-1 and -2, each .png.")
