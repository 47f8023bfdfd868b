package io.weft.simulation;

/** What both ends of one BGP connection have sent. */
final class Traffic {
  /** Both ends reflect; otherwise one of them is a node or a stranger. */
  final boolean ofReflectors;

  private long messages;
  private long octets;

  Traffic(Machine one, Machine other) {
    this.ofReflectors = one instanceof ReflectorMachine && other instanceof ReflectorMachine;
  }

  void sent(int length) {
    messages++;
    octets += length;
  }

  long messages() {
    return messages;
  }

  /** Without TCP. */
  long octets() {
    return octets;
  }
}
