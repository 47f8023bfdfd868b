package io.weft.overlay.node;

import java.time.Duration;

/** What endpoints of one network make us say in the log: a tenant must not fill it. */
final class EndpointReports {
  /** Lines in one {@link #PERIOD}; others are counted. */
  static final int MAX = 60;

  static final Duration PERIOD = Duration.ofMinutes(1);

  private final String network;
  private final Effects effects;
  private long since;
  private int count;

  EndpointReports(String network, Effects effects) {
    this.network = network;
    this.effects = effects;
  }

  void add(long now, String endpoint, String text) {
    if (count == 0 || now - since >= PERIOD.toNanos()) {
      if (count > MAX) {
        effects.report("network " + network, (count - MAX) + " lines about its endpoints left out");
      }
      since = now;
      count = 0;
    }
    if (++count <= MAX) {
      effects.report("network " + network + ": endpoint " + endpoint, text);
    }
  }
}
