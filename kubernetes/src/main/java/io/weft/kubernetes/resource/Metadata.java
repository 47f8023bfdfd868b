package io.weft.kubernetes.resource;

import java.util.regex.Pattern;

/**
 * What every resource has.
 *
 * @param name a DNS label (RFC 1123 §2.1): 1..63 lower-case letters, digits and inner hyphens
 */
public record Metadata(String name) {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  public Metadata {
    requireLabel(name);
  }

  static boolean isLabel(String name) {
    return LABEL.matcher(name).matches();
  }

  /**
   * Gives the name back.
   *
   * @throws IllegalArgumentException when it is not a DNS label
   */
  static String requireLabel(String name) {
    if (!isLabel(name)) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is not a DNS label: 1 to 63 lower-case letters, digits and inner hyphens");
    }
    return name;
  }
}
