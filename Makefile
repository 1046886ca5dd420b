.PHONY: help run build test test-optimized test-mpi soak fuzz coverage sanitize bench docs check-readme check-walkthroughs setup python clean

swift_flags ?=
bench ?=
kills ?= 300
seconds ?= 60
only ?= .
launcher ?= mpirun

help:
	@echo "make run           train a classifier on Fashion-MNIST"
	@echo "make test          run the whole test suite"
	@echo "make test-optimized  the same on modules that are optimized whole, as users get them (half an hour)"
	@echo "make test-mpi      the tests of several processes alone, with Open MPI, which it installs (launcher=mpiexec.hydra for another)"
	@echo "make soak          kill and resume training processes, 300 times (kills=N for more)"
	@echo "make fuzz          throw broken files at each reader (seconds=N for longer than 60 each)"
	@echo "make coverage      what of each target the suite reaches, C included"
	@echo "make sanitize      the suite under the thread and the address sanitizer (only=Suite for a part)"
	@echo "make bench         measure, next to what the machine can do"
	@echo "make docs          make the documentation in .build/docs"
	@echo "make check-readme  run the README's code and the examples in a package that depends on this one"
	@echo "make check-walkthroughs  run the commands of the walk-throughs and compare what they print"
	@echo "make build         build everything, optimized"
	@echo "make setup         install the system packages that are missing"
	@echo "make clean         remove what was built"

setup:
	@scripts/setup.sh

python:
	@scripts/setup.sh --python

build: setup
	@swift build -c release --product descent $(swift_flags)

run: build
	@.build/release/descent train

# Few tests at a time: where a thousand wait, the one that waits for a process is told late of its end, and until then a thread of the testing
# library asks for it over and over.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH = 4

# In a folder of its own: tests are built with other flags, and each would throw away what the other built.
test_compiler = $(CURDIR)/.build/test-compiler
as_tests = scripts/test-compiler.sh --install "$(test_compiler)" && \
	export SWIFT_EXEC="$(test_compiler)/bin/swiftc" &&
swift_test = $(as_tests) swift test -c release --scratch-path .build/test $(swift_flags)

test: setup
	@$(swift_test)

# Modules whole and optimized, as users get them; its build takes half an hour on two cores.
test-optimized: setup
	@swift test -c release --scratch-path .build/test-optimized $(swift_flags)

# `make test` runs these as well where there is an mpirun.
test-mpi:
	@scripts/setup.sh --mpi
	@export DESCENT_MPIRUN=$$(command -v $(launcher)) && $(swift_test) --filter DescentMPITests

soak: setup
	@export DESCENT_KILLS=$(kills) && $(swift_test) --filter KillTests

fuzz: setup
	@scripts/fuzz.sh $(seconds)

coverage: python
	@$(as_tests) scripts/coverage.sh $(swift_flags)

sanitize: setup
	@scripts/sanitize.sh thread '$(only)'
	@scripts/sanitize.sh address '$(only)'

bench: setup
	@swift run -c release $(swift_flags) DescentBench $(bench)

docs: python
	@scripts/docs.sh

check-readme: setup
	@scripts/check-dependency.sh

check-walkthroughs: build python
	@scripts/check_walkthroughs.py .build/release/descent

clean:
	@rm -rf .build
