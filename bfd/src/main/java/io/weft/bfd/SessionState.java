package io.weft.bfd;

/** State of a session, with its number on the wire (RFC 5880 §4.1, "Sta"). */
public enum SessionState {
  ADMIN_DOWN(0),
  DOWN(1),
  INIT(2),
  UP(3);

  private final int number;

  SessionState(int number) {
    this.number = number;
  }

  /** The two bits of the wire. */
  public int number() {
    return number;
  }

  /** The state of a number 0..3. */
  static SessionState of(int number) {
    for (var state : values()) {
      if (state.number == number) {
        return state;
      }
    }
    throw new IllegalArgumentException("BFD state " + number + " is out of 0..3");
  }
}
