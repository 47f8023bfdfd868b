package io.weft.bgp.session;

/** States of RFC 4271 §8.2.2, in the order of progress. */
public enum SessionState {
  IDLE("Idle"),
  CONNECT("Connect"),
  ACTIVE("Active"),
  OPEN_SENT("OpenSent"),
  OPEN_CONFIRM("OpenConfirm"),
  ESTABLISHED("Established");

  private final String name;

  SessionState(String name) {
    this.name = name;
  }

  /** True when there is a connection. */
  boolean isConnected() {
    return compareTo(OPEN_SENT) >= 0;
  }

  /** The name as the RFC writes it. */
  @Override
  public String toString() {
    return name;
  }
}
