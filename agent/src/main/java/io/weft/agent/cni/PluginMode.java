package io.weft.agent.cni;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Who makes the interface {@code eth0} of the pods of this node. */
public enum PluginMode {
  /** Weft does, whatever other configurations there are. */
  PRIMARY,

  /** Another CNI plugin does, and Weft goes behind it; without one there is no configuration. */
  BESIDE,

  /** As {@link #BESIDE} as soon as there is another's configuration; until then Weft does. */
  AUTOMATIC;

  /** As it is written in options and files. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The mode that is written so. */
  public static Optional<PluginMode> parse(String text) {
    return Arrays.stream(values()).filter(mode -> mode.text().equals(text)).findFirst();
  }

  @Override
  public String toString() {
    return text();
  }
}
