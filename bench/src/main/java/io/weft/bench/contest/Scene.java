package io.weft.bench.contest;

import io.weft.bench.load.LoadPlan;
import io.weft.bench.load.LoadPlan.Shape;
import java.util.List;

/** What is asked of every contestant. */
public enum Scene {
  /** Two senders and two receivers, full UPDATEs; then one route at a time; then half withdrawn. */
  BULK,

  /** One sender to fifty receivers. */
  FANOUT,

  /** One route in each UPDATE, attributes shared. */
  SINGLE,

  /** One route in each UPDATE, each with attributes of its own. */
  DISTINCT,

  /** A thousand sessions that do nothing but keep alive. */
  IDLE;

  /** The load; {@code routes} is the size of {@link #BULK}, the others have one of their own. */
  public LoadPlan plan(int routes) {
    return switch (this) {
      case BULK -> new LoadPlan(2, 2, routes, Shape.PACKED, 100, true, 0);
      case FANOUT -> new LoadPlan(1, 50, 20_000, Shape.PACKED, 0, false, 0);
      case SINGLE -> new LoadPlan(2, 2, 100_000, Shape.SINGLE, 0, false, 0);
      case DISTINCT -> new LoadPlan(2, 2, 100_000, Shape.DISTINCT, 0, false, 0);
      case IDLE -> new LoadPlan(1, 999, 0, Shape.PACKED, 0, false, 30);
    };
  }

  /** What is told of it. */
  public List<Measure> measures() {
    return switch (this) {
      case BULK ->
          List.of(
              Measure.LOAD,
              Measure.CPU,
              Measure.PEAK,
              Measure.ONE_P50,
              Measure.ONE_P99,
              Measure.WITHDRAWAL);
      case FANOUT, SINGLE, DISTINCT -> List.of(Measure.LOAD, Measure.CPU, Measure.PEAK);
      case IDLE -> List.of(Measure.IDLE, Measure.SESSION);
    };
  }
}
