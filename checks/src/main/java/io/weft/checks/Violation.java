package io.weft.checks;

/**
 * One place where a rule is broken.
 *
 * @param rule the rule's name, as in its class
 * @param place the class and, where it is known, the method; or the file
 * @param detail what is wrong there and, if there is one, the way out
 */
public record Violation(String rule, String place, String detail) {
  @Override
  public String toString() {
    return rule + ": " + place + ": " + detail;
  }
}
