import DescentImages
import Foundation

/// One page on a run on pictures: how training went, which classes are taken for which, and the pictures that the network is most wrong about.
struct ImageReport {
  let folder: String
  let data: ImageData
  let changes: [ImageAugmentation]
  let history: History
  /// What the pictures are that the network is judged on: Validation.
  let part: String
  /// Those pictures, and what the network says of them.
  let rows: ImageRows
  let predictions: FilePredictions
  let scores: TableScores

  var html: String {
    let title = "Pictures in \(folder)"
    let augmentation = changes.isEmpty ? "" : "<br>" + HTMLPage.escaped(ImageDescription.augmentation(changes))
    return HTMLPage.text(
      title: title,
      body: """
        <h1>\(HTMLPage.escaped(title))</h1>
        <p>\(HTMLPage.escaped(data.sizes))<br>\(HTMLPage.escaped(ImageDescription(folder: folder, data: data, changes: changes).sizes))\(augmentation)</p>
        <h2>How good it is: \(HTMLPage.escaped(part))</h2>
        \(scores.classesHTML("pictures"))
        <h2>Where it is most wrong</h2>
        \(mistakes)
        <h2>Training</h2>
        \(HTMLPage.charts(HistoryPicture([RunCurves(history)]).charts))
        """)
  }

  private static let greatestShownCount = 24

  /// The pictures whose own class the network gives the least probability, of those that it is wrong about.
  private var mistakes: String {
    let truths = rows.y?.scalars(as: Int32.self).map { Int($0) } ?? [], guesses = predictions.classNumbers
    let wrong = truths.indices.filter { truths[$0] != guesses[$0] }
      .sorted { predictions.probabilities[$0][guesses[$0]] > predictions.probabilities[$1][guesses[$1]] }
    if wrong.isEmpty { return "<p>No picture is taken for another class.</p>" }
    let figures = wrong.prefix(ImageReport.greatestShownCount).compactMap { row -> String? in
      guard let picture = try? rows.jpeg(of: row) else { return nil }
      let own = predictions.names[truths[row]], other = predictions.names[guesses[row]]
      let words = "\(own), taken for \(other) (\(TableScoresDescription.percent(Double(predictions.probabilities[row][guesses[row]]))))"
      return """
        <figure class="picture"><img alt="\(HTMLPage.escaped(words))" src="data:image/jpeg;base64,\(Data(picture).base64EncodedString())">\
        <figcaption>\(HTMLPage.escaped(words))<br><small>\(HTMLPage.escaped(shortPath(predictions.paths[row])))</small></figcaption></figure>
        """
    }
    let rest = wrong.count > figures.count ? " These are the \(figures.count) that it is most sure of." : ""
    return "<p>\(grouped(wrong.count)) of \(grouped(truths.count)) pictures are taken for another class.\(rest)</p><div class=\"pictures\">\(figures.joined(separator: "\n"))</div>"
  }

  private func shortPath(_ path: String) -> String {
    let start = folder.hasSuffix("/") ? folder : folder + "/"
    return path.hasPrefix(start) ? String(path.dropFirst(start.count)) : path
  }
}
