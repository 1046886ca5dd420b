"""Lists the public declarations without a comment, of their own or of the protocol or class that asks for them.

    python3 scripts/undocumented.py FOLDER…     # of symbol graphs, as swift-symbolgraph-extract writes them

Ends with status 1 if there are any. `scripts/docs.sh` runs it.
"""
import json
import pathlib
import sys


def main():
    symbols = []
    for folder in sys.argv[1:]:
        for path in sorted(pathlib.Path(folder).glob("*.symbols.json")):
            symbols += json.loads(path.read_text())["symbols"]

    def place(symbol):
        location = symbol.get("location")
        return (location["uri"].split("/Sources/")[-1], location["position"]["line"] + 1) if location else None

    # Names that stand in one declaration share its comment.
    told = {place(symbol) for symbol in symbols if "docComment" in symbol}
    bare = {}
    for symbol in symbols:
        where = place(symbol)
        if where and where not in told:
            bare[where] = "".join(part["spelling"] for part in symbol["declarationFragments"])
    for (file, line), declaration in sorted(bare.items()):
        print(f"Sources/{file}:{line}: {declaration}")
    sys.exit(bool(bare))


main()
