/// The version of Descent, as `descent --version` prints it.
public let descentVersion = "0.1.0"
