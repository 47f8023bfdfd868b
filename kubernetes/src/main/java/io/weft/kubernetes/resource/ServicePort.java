package io.weft.kubernetes.resource;

import java.util.Locale;

/**
 * A port of pods, as behind a service; written {@code 53/UDP}.
 *
 * @param number 1..65535
 * @param udp else TCP
 */
public record ServicePort(int number, boolean udp) {
  /** How it is written. */
  public static final String FORM = "^[0-9]{1,5}/(TCP|UDP|tcp|udp)$";

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException which says what is wrong
   */
  public static ServicePort parse(String text) {
    int slash = text.indexOf('/');
    int number = text.matches(FORM) ? Integer.parseInt(text.substring(0, slash)) : 0;
    if (number < 1 || number > 65_535) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a port of pods; write as 53/UDP or 443/TCP");
    }
    return new ServicePort(
        number, text.substring(slash + 1).toUpperCase(Locale.ROOT).equals("UDP"));
  }

  @Override
  public String toString() {
    return number + (udp ? "/UDP" : "/TCP");
  }
}
