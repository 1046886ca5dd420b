import DescentTestSupport
import Foundation
import Testing

/// The commands that draw: find-rate, plot, landscape, and what train draws and remarks.
@Suite(.timeLimit(.minutes(20))) struct DrawingCommandTests {
  /// Three classes by two numbers.
  private func inFolder(_ body: (_ run: ([String]) throws -> CommandLineTool, _ read: (String) throws -> String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let x = SmallData.x().doubles, labels = SmallData.labels.doubles
      let rows = (0..<60).map { row in x[(4 * row)..<(4 * row + 4)].map { "\($0)" }.joined(separator: ",") + ",\(["a", "b", "c"][Int(labels[row])])" }
      try (["p,q,r,s,kind"] + rows).joined(separator: "\n").write(toFile: folder + "/d.csv", atomically: true, encoding: .utf8)
      let data = ["--data", "d.csv", "--target", "kind", "--layers", "5"]
      try body({ try CommandLineTool([$0[0]] + ($0[0] == "plot" ? [] : data) + $0.dropFirst(), in: folder) }) {
        try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
      }
    }
  }

  @Test func `runs are drawn side by side, in a file and in the terminal`() throws {
    try inFolder { run, read in
      let one = try run(["train", "--epochs", "4", "--out", "one", "--plot", "--tensorboard", "board", "--verbose", "2"])
      #expect(one.status == 0 && one.output.contains("• loss") && one.output.contains("∘ val_loss"), "\(one.errors)")
      #expect(try run(["train", "--epochs", "3", "--out", "two", "--optimizer", "sgd", "--verbose", "0"]).output.isEmpty)
      #expect(try run(["plot", "Adam=one", "two", "--title", "Two <runs>"]).status == 0)
      let picture = try read("plot.svg")
      for text in ["Two &lt;runs", "Adam", "two", "loss", "accuracy"] { #expect(picture.contains(text), "\(text)") }
      #expect(!picture.contains("<script"))
      let terminal = try run(["plot", "one", "two", "--terminal"]).output
      #expect(terminal.contains("one\n") && terminal.contains("two\n") && terminal.contains("• loss"))
      #expect(try run(["plot", "nowhere"]).errors.contains("nowhere"))
    }
  }

  @Test func `the range of learning rates is told and drawn`() throws {
    try inFolder { run, read in
      let found = try run(["find-rate", "--optimizer", "sgd", "--steps", "40", "--svg", "r.svg", "--csv", "r.csv"])
      #expect(found.status == 0 && found.output.contains("valley") && found.output.contains("SGD: "), "\(found.errors)")
      #expect(try read("r.svg").contains("Learning-rate range"))
      #expect(try read("r.csv").hasPrefix("learning_rate,loss,smoothed_loss\n"))
      #expect(try run(["find-rate", "--from", "1", "--to", "0.1"]).errors.contains("the second the greater"))
    }
  }

  @Test func `ways over the loss are drawn`() throws {
    try inFolder { run, read in
      let drawn = try run(["landscape", "--optimizer", "adam", "--optimizer", "sgd:lr=0.1", "--epochs", "2", "--steps", "5"])
      #expect(drawn.status == 0 && drawn.output.contains("adam: loss"), "\(drawn.errors)")
      let picture = try read("landscape.svg")
      #expect(picture.contains("Loss on a plane") && picture.contains("sgd:lr=0.1"))
      #expect(try run(["landscape", "--steps", "2"]).errors.contains("--steps is 2"))
    }
  }

  @Test func `what looks wrong is remarked unless train is to be silent`() throws {
    try inFolder { run, _ in
      for (level, isSilent) in [("2", false), ("0", true)] {
        let said = try run(["train", "--epochs", "2", "--learning-rate", "5", "--out", level, "--verbose", level]).errors
        #expect(said.contains("Remark: The learning rate is 5.0, and Adam's usual one is 0.001") != isSilent && said.isEmpty == isSilent, "\(said)")
      }
    }
  }
}
