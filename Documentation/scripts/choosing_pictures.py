"""Takes charts of a report of `descent choose` out of its page, as SVG files that stand alone.

python3 choosing_pictures.py REPORT.html FOLDER
"""

import pathlib
import re
import sys

page = pathlib.Path(sys.argv[1]).read_text()
style = re.search(r"(svg text\{.*?)\n</style>", page, re.S).group(1)
figures = re.findall(r"<figure>(<svg viewBox=\"0 0 (\d+) (\d+)\".*?\n)(.*?)</svg>\s*</figure>", page, re.S)
names = {"choosing-differences": 0, "choosing-curves": 1, "choosing-best-of": 4}
for name, place in names.items():
    head, width, height, body = figures[place]
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f"<style>{style}</style>\n<rect class=\"p\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n"
    )
    pathlib.Path(sys.argv[2], name + ".svg").write_text(text)
