@_exported import Descent
