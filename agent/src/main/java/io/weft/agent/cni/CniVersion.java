package io.weft.agent.cni;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A version of the CNI specification: the shape of what is asked and answered. */
enum CniVersion {
  V0_3_0("0.3.0"),
  V0_3_1("0.3.1"),
  V0_4_0("0.4.0"),
  V1_0_0("1.0.0"),
  V1_1_0("1.1.0");

  private final String text;

  CniVersion(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }

  boolean isAtLeast(CniVersion other) {
    return compareTo(other) >= 0;
  }

  static Optional<CniVersion> parse(String text) {
    return Arrays.stream(values()).filter(version -> version.text.equals(text)).findFirst();
  }

  /** All of them as text, oldest first. */
  static List<String> texts() {
    return Arrays.stream(values()).map(CniVersion::text).toList();
  }
}
