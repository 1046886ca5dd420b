import Descent
import DescentTestSupport
import Testing

/// What Keras 3.15.1 prints, 88 and 100 columns wide.
@Suite struct SummaryTests {
  @Test func `A model ready to train`() throws {
    let model = Sequential {
      Flatten(inputShape: [28, 28])
      Dense(100, activation: .relu)
      Dense(10, activation: .softmax)
    }
    let table = """
      Model: "sequential"
      ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
      ┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
      │ flatten (Flatten)                    │ (None, 784)                 │               0 │
      ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
      │ dense (Dense)                        │ (None, 100)                 │          78,500 │
      ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
      │ dense_1 (Dense)                      │ (None, 10)                  │           1,010 │
      └──────────────────────────────────────┴─────────────────────────────┴─────────────────┘

      """
    #expect(model.summaryText(lineLength: 88) == table + """
       Total params: 79,510 (310.59 KB)
       Trainable params: 79,510 (310.59 KB)
       Non-trainable params: 0 (0.00 B)

      """)
    try model.compile(optimizer: .adam, loss: .sparseCategoricalCrossentropy)
    try model.trainOnBatch(Tensor.zeros([2, 28, 28]), Tensor([0 as UInt8, 1]))
    #expect(model.summaryText(lineLength: 88) == table + """
       Total params: 238,532 (931.77 KB)
       Trainable params: 79,510 (310.59 KB)
       Non-trainable params: 0 (0.00 B)
       Optimizer params: 159,022 (621.18 KB)

      """)
  }

  @Test func `Long names break and unbuilt layers say so`() throws {
    let model = Sequential(name: "sequential_1") {
      Dense(5, name: "a_very_long_layer_name_that_does_not_fit")
      BatchNormalization()
      Dropout(0.5)
      Activation("softmax")
    }
    #expect(model.summaryText(lineLength: 88).contains("""
      │ a_very_long_layer_name_that_does_no… │ ?                           │     0 (unbuilt) │
      │ (Dense)                              │                             │                 │
      ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
      │ batch_normalization                  │ ?                           │     0 (unbuilt) │
      │ (BatchNormalization)                 │                             │                 │
      """))
    try model.build(rows: [3])
    model.layers[0].isTrainable = false
    #expect(model.summaryText(lineLength: 100, showTrainable: true) == """
      Model: "sequential_1"
      ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
      ┃ Layer (type)                          ┃ Output Shape                  ┃        Param # ┃ Traina… ┃
      ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
      │ a_very_long_layer_name_that_does_not… │ (None, 5)                     │             20 │    N    │
      │ (Dense)                               │                               │                │         │
      ├───────────────────────────────────────┼───────────────────────────────┼────────────────┼─────────┤
      │ batch_normalization                   │ (None, 5)                     │             20 │    Y    │
      │ (BatchNormalization)                  │                               │                │         │
      ├───────────────────────────────────────┼───────────────────────────────┼────────────────┼─────────┤
      │ dropout (Dropout)                     │ (None, 5)                     │              0 │    -    │
      ├───────────────────────────────────────┼───────────────────────────────┼────────────────┼─────────┤
      │ activation (Activation)               │ (None, 5)                     │              0 │    -    │
      └───────────────────────────────────────┴───────────────────────────────┴────────────────┴─────────┘
       Total params: 40 (160.00 B)
       Trainable params: 10 (40.00 B)
       Non-trainable params: 30 (120.00 B)

      """)
  }

  @Test func `Nested models unfold`() {
    let model = Sequential(name: "sequential_4") {
      Dense(5, inputShape: [4], name: "dense_3")
      Sequential(name: "sequential_3") {
        Dense(3, name: "dense_4")
        ReLU()
      }
      Reshape([3, 1])
    }
    let text = model.summaryText(lineLength: 88, expandNested: true)
    #expect(text.contains("""
      │ sequential_3 (Sequential)            │ (None, 3)                   │              18 │
      ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
      │    └ dense_4 (Dense)                 │ (None, 3)                   │              18 │
      ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
      │    └ re_lu (ReLU)                    │ (None, 3)                   │               0 │
      ├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
      │ reshape (Reshape)                    │ (None, 3, 1)                │               0 │
      """))
    #expect(!model.summaryText(lineLength: 88).contains("dense_4"))
  }
}
