#!/bin/sh
# Makes the run that "Choosing for your own data" walks through, and its pictures.
#   Documentation/scripts/choosing.sh DESCENT FOLDER      (DESCENT: the built command)
# The answer and all numbers but those of time come out the same on every machine with the same instruction set.
set -e
here=$(dirname "$0")
"$1" choose --epochs 2 --candidate sgd:momentum=0.9,nesterov=true --candidate adam --candidate rmsprop --candidate muon --out "$2"
"$1" find-rate --optimizer adam --svg "$here/../pictures/find-rate.svg"
python3 "$here/choosing_pictures.py" "$2/report.html" "$here/../pictures"
