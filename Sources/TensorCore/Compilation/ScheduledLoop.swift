extension Schedule {
  /// A loop over steps: the schedule of its body, run once a step on other memory. See ``Scan``.
  ///
  /// The body's arguments are the states, a step's part of each input that is gone through, and what is the same in each step; its
  /// results are the new states and what a step gives.
  package struct Loop {
    /// How many steps there are.
    package let count: Int
    /// From the last step to the first.
    package let isReversed: Bool
    /// How many of the body's arguments are states, and how many behind them parts of inputs.
    package let stateCount: Int, partCount: Int
    /// What the loop is given for the body's arguments: the states before the first step, the parts of all steps one behind the other.
    package let inputs: [Place]
    /// The states after the last step and, for each result, all steps' one behind the other.
    package let output: Place
    package let body: Schedule
    /// How some rows of a batch can be taken through the loop alone; nil where rows meet in the body.
    package let rows: ScanRows?

    init(_ scan: Scan, inputs: [Place], output: Place) {
      (count, isReversed, stateCount, partCount) = (scan.count, scan.isReversed, scan.states.count, scan.parts.count)
      (self.inputs, self.output) = (inputs, output)
      body = Scheduler.schedule(arguments: scan.arguments, outputs: scan.newStates + scan.results, assignments: [])
      rows = ScanRows(scan)
    }

    /// The numbers of the body's arguments that are the same in each step.
    package var fixedArguments: Range<Int> { (stateCount + partCount)..<body.arguments.count }
  }
}
