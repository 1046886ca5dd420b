import TensorCore

/// Colours as hue, saturation and value. (Keras: `keras.ops.image.rgb_to_hsv` and `hsv_to_rgb`.)
struct HueSaturationValue {
  /// `[rows, height, width]`; the hue from 0 to 1.
  var hue: Tensor, saturation: Tensor, value: Tensor
}

extension HueSaturationValue {
  /// Of images `[rows, height, width, 3]`, red, green and blue.
  init(_ images: Tensor) {
    let epsilon = images.dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
    let clean = select(abs(images) .< Tensor(number: epsilon), 0, images)
    let channels = (0..<3).map { clean.sliced(starts: [0, 0, 0, $0], sizes: Array(images.shape.dropLast()) + [1]).reshaped(Array(images.shape.dropLast())) }
    let (red, green, blue) = (channels[0], channels[1], channels[2])
    value = maximum(maximum(red, green), blue)
    let range = value - minimum(minimum(red, green), blue)
    saturation = select(value .> 0, range / select(value .> 0, value, 1), 0)
    let norm = 1 / (6 * select(range .> 0, range, 1))
    let (towardsGreen, towardsBlue) = (norm * (blue - red) + 2.0 / 6, norm * (red - green) + 4.0 / 6)
    var hue = select(value .== green, towardsGreen, towardsBlue)
    hue = select(value .== red, norm * (green - blue), hue)
    self.hue = select(range .> 0, hue, 0) + (hue .< 0).cast(to: images.dtype)
  }

  /// Red, green and blue.
  var images: Tensor {
    let sixth = (hue - floor(hue)) * 6
    let red = clip(abs(sixth - 3) - 1, 0, 1), green = clip(2 - abs(sixth - 2), 0, 1), blue = clip(2 - abs(sixth - 4), 0, 1)
    let gray = 1 - saturation
    return stack([red, green, blue].map { value * (gray + saturation * $0) }, axis: -1)
  }
}
