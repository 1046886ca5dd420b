import Foundation
import Optimizers

/// What pages of results have in common: one file of HTML that needs nothing else, no script and no other file, and reads well in the light, in
/// the dark, on paper and on a telephone.
package enum HTMLPage {
  /// The text of a page.
  /// - Parameters:
  ///   - title: what a browser calls it.
  ///   - body: what stands on it, in HTML.
  package static func text(title: String, body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(escaped(title))</title>
    <style>
    \(style)
    \(Picture.style)
    </style>
    </head>
    <body>
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
  }

  /// A text within a page.
  package static func escaped(_ text: String) -> String {
    SVGText.escaped(text).replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }

  /// A table of texts.
  /// - Parameters:
  ///   - isSmall: whether it is set in small print.
  ///   - texts: columns that begin at the left, as the first one does; others end at the right.
  package static func table(_ head: [String], _ rows: [[String]], isSmall: Bool = false, texts: Set<Int> = []) -> String {
    func cells(_ row: [String], _ tag: String) -> String {
      row.enumerated().map { "<\(tag)\(texts.contains($0.offset) ? " class=\"t\"" : "")>\(escaped($0.element))</\(tag)>" }.joined()
    }
    return "<div class=\"scroll\"><table\(isSmall ? " class=\"small\"" : "")><thead><tr>\(cells(head, "th"))</tr></thead><tbody>\n"
      + rows.map { "<tr>\(cells($0, "td"))</tr>\n" }.joined() + "</tbody></table></div>"
  }

  /// Charts beside one another.
  package static func charts(_ charts: [Chart], areSmall: Bool = false) -> String {
    """
    <div class="charts\(areSmall ? " small" : "")">
    \(charts.map { "<figure>\(Picture.inline($0))</figure>" }.joined(separator: "\n"))
    </div>
    """
  }

  private static let style = """
    :root{--ink:#1c1e21;--soft:#5b6168;--paper:#fff;--line:#d9dce0;--card:#f5f6f8;--good:#00694d;--hit:#d7ecd9;--miss:#f8ded8}
    @media screen and (prefers-color-scheme:dark){:root{--ink:#e3e5e8;--soft:#a2a8b0;--paper:#16181c;--line:#363b42;--card:#20242a;--good:#2fcf9f;--hit:#1e4630;--miss:#5a2c24}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 Helvetica,Arial,sans-serif}
    main{max-width:72rem;margin:0 auto;padding:1rem}
    h1{font-size:1.5rem;margin:.5rem 0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 .5rem}
    p{max-width:46rem}
    .verdict{font-size:1.2rem;font-weight:bold;border-left:.3rem solid var(--good);padding-left:.8rem}
    pre{background:var(--card);padding:.7rem;border-radius:.3rem;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.4 Menlo,Consolas,'DejaVu Sans Mono',monospace}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
    th,td{padding:.25rem .7rem .25rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
    th:first-child,td:first-child,td.t,th.t{text-align:left}
    td.t{overflow-wrap:anywhere;min-width:4.5rem}
    th{color:var(--soft);font-weight:normal}
    td.hit{background:var(--hit)}td.miss{background:var(--miss)}
    table.small{font-size:.78rem}table.small td.t:last-child{min-width:16rem}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:1rem;margin:1.5rem 0}
    .charts.small{grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr))}
    figure{margin:0}.small figure{max-width:24rem}
    figure svg{width:100%;height:auto;display:block}
    dt{color:var(--soft);float:left;clear:left;min-width:9rem}dd{margin:0 0 .3rem 9.5rem;overflow-wrap:anywhere}
    .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem}
    .picture img{width:100%;height:9rem;object-fit:contain;background:var(--card);image-rendering:auto}
    .picture figcaption{font-size:.85rem;overflow-wrap:anywhere}small{color:var(--soft)}
    @media (max-width:30rem){dt{float:none}dd{margin-left:0}}
    @media print{body{font-size:10pt}main{max-width:none;padding:0}figure,tr{break-inside:avoid}.charts{grid-template-columns:1fr 1fr}.scroll{overflow:visible}}
    """
}
