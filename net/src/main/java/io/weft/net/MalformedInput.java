package io.weft.net;

/**
 * Octets from outside do not have the layout they must have. Checked, because it is an ordinary
 * outcome of reading what a peer or a kernel sent; the message names the field and the position.
 */
public final class MalformedInput extends Exception {
  public MalformedInput(String message) {
    super(message, null, false, false);
  }
}
