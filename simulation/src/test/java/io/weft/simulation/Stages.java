package io.weft.simulation;

import java.time.Duration;

/** What tests do with a {@link Stage}. */
final class Stages {
  private Stages() {}

  /** Lets so much time pass, or a little more: whole steps. */
  static void pass(Stage stage, Duration time) {
    var until = stage.world().now().plus(time);
    while (stage.world().now().compareTo(until) < 0) {
      stage.step();
    }
  }
}
