package io.weft.agent.bgp;

/**
 * A password; its text form never shows it.
 *
 * @param value 1..80 octets of UTF-8
 */
public record Secret(String value) {
  @Override
  public String toString() {
    return "(secret)";
  }
}
