#!/usr/bin/env python3
"""Runs the commands of the walk-throughs and compares what they print with what the pages show.

    scripts/check_walkthroughs.py DESCENT [--pictures] [pages …]      (DESCENT: the built command; --pictures makes the pages' pictures anew, those of
                                                                       reports with chromium)

In a block that begins with ```console, a line that begins with $ is run, in a folder with the data, and the lines below it must be among those that it prints,
in their order; a line of an ellipsis stands for any number of others. Words must be the same; numbers may differ by a tenth or by 0.05, as other
processors compute other last digits. Pages in other languages have the same blocks, which is checked first."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
documents = os.path.join(root, "Documentation")
pages = [word for word in sys.argv[2:] if not word.startswith("--")] or sorted(name[:-3] for name in os.listdir(documents) if name.endswith("Walkthrough.md"))
number = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")


def blocks(path):
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^```console\n(.*?)^```$", file.read(), re.M | re.S)


def agree(shown, printed):
    """Whether two lines have the same words, and numbers that are about the same."""
    if number.sub("#", " ".join(shown.split())) != number.sub("#", " ".join(printed.split())):
        return False
    pairs = zip(*(map(lambda text: float(text.replace(",", "")), number.findall(line)) for line in (shown, printed)))
    return all(abs(a - b) <= max(0.05, 0.1 * abs(a)) for a, b in pairs)


def check(page, command, shown, folder, tool):
    words = command.replace("python3 picture_folder.py", f"python3 {documents}/walkthroughs/picture_folder.py")
    words = re.sub(r"^descent\b", tool, words)
    done = subprocess.run(words, shell=True, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{page}: {command}\nfailed: {done.stderr}{done.stdout}")
    printed = (done.stderr + done.stdout).splitlines()
    place = 0
    for line in shown:
        if line.strip() in ("", "…"):
            continue
        found = next((k for k in range(place, len(printed)) if agree(line, printed[k])), None)
        if found is None:
            sys.exit(f"{page}: {command}\ndoes not print\n{line}\nbut\n" + "\n".join(printed[place:]))
        place = found + 1
    print(f"{page}: {command}")


tool = os.path.abspath(sys.argv[1])
for page in pages:
    english = blocks(os.path.join(documents, f"{page}.md"))
    if not english or english != blocks(os.path.join(documents, f"{page}-ko.md")):
        sys.exit(f"{page}: the English and the Korean page have different blocks, or none")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("penguins.csv", "new-penguins.csv"):
            shutil.copy(os.path.join(documents, "walkthroughs", name), folder)
        for block in english:
            lines = block.splitlines()
            starts = [place for place, line in enumerate(lines) if line.startswith("$ ")]
            for place, end in zip(starts, starts[1:] + [len(lines)]):
                check(page, lines[place][2:], lines[place + 1:end], folder, tool)
        if "--pictures" in sys.argv:
            for name in os.listdir(folder):
                if name.endswith(".svg"):
                    shutil.copy(os.path.join(folder, name), os.path.join(documents, "pictures", name))
                elif name.endswith(".html"):
                    picture = os.path.join(documents, "pictures", name.replace(".html", "-report.png"))
                    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,1250"]
                    subprocess.run(browser + [f"--screenshot={picture}", f"file://{folder}/{name}"], check=True, capture_output=True)
print("check-walkthroughs: all commands print what the pages show")
