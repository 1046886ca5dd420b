// Other names that Keras has for layers. Files have the usual ones.

/// Another name of ``AveragePooling1D``, as Keras has it.
public typealias AvgPool1D = AveragePooling1D
/// Another name of ``AveragePooling2D``, as Keras has it.
public typealias AvgPool2D = AveragePooling2D
/// Another name of ``AveragePooling3D``, as Keras has it.
public typealias AvgPool3D = AveragePooling3D
/// Another name of ``Conv1D``, as Keras has it.
public typealias Convolution1D = Conv1D
/// Another name of ``Conv1DTranspose``, as Keras has it.
public typealias Convolution1DTranspose = Conv1DTranspose
/// Another name of ``Conv2D``, as Keras has it.
public typealias Convolution2D = Conv2D
/// Another name of ``Conv2DTranspose``, as Keras has it.
public typealias Convolution2DTranspose = Conv2DTranspose
/// Another name of ``Conv3D``, as Keras has it.
public typealias Convolution3D = Conv3D
/// Another name of ``Conv3DTranspose``, as Keras has it.
public typealias Convolution3DTranspose = Conv3DTranspose
/// Another name of ``GlobalAveragePooling1D``, as Keras has it.
public typealias GlobalAvgPool1D = GlobalAveragePooling1D
/// Another name of ``GlobalAveragePooling2D``, as Keras has it.
public typealias GlobalAvgPool2D = GlobalAveragePooling2D
/// Another name of ``GlobalAveragePooling3D``, as Keras has it.
public typealias GlobalAvgPool3D = GlobalAveragePooling3D
/// Another name of ``GlobalMaxPooling1D``, as Keras has it.
public typealias GlobalMaxPool1D = GlobalMaxPooling1D
/// Another name of ``GlobalMaxPooling2D``, as Keras has it.
public typealias GlobalMaxPool2D = GlobalMaxPooling2D
/// Another name of ``GlobalMaxPooling3D``, as Keras has it.
public typealias GlobalMaxPool3D = GlobalMaxPooling3D
/// Another name of ``MaxPooling1D``, as Keras has it.
public typealias MaxPool1D = MaxPooling1D
/// Another name of ``MaxPooling2D``, as Keras has it.
public typealias MaxPool2D = MaxPooling2D
/// Another name of ``MaxPooling3D``, as Keras has it.
public typealias MaxPool3D = MaxPooling3D
/// Another name of ``SeparableConv1D``, as Keras has it.
public typealias SeparableConvolution1D = SeparableConv1D
/// Another name of ``SeparableConv2D``, as Keras has it.
public typealias SeparableConvolution2D = SeparableConv2D
