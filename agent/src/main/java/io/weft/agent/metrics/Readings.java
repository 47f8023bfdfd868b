package io.weft.agent.metrics;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values of one look at a daemon. */
public final class Readings {
  /** Rows of one metric; further ones are counted in {@link Metric#LEFT_OUT}. */
  public static final int MAX_ROWS = 1024;

  private final EnumMap<Metric, Map<List<String>, Double>> rows = new EnumMap<>(Metric.class);
  private final EnumMap<Metric, Integer> leftOut = new EnumMap<>(Metric.class);

  /**
   * Sets a value; one of the same labels takes its place.
   *
   * @param labels values in the order of {@link Metric#labels}
   */
  public void set(Metric metric, double value, String... labels) {
    put(metric, value, labels, false);
  }

  /** The same; a double keeps whole numbers up to 2^53. */
  public void set(Metric metric, long value, String... labels) {
    put(metric, (double) value, labels, false);
  }

  /** Sets 1 or 0. */
  public void set(Metric metric, boolean value, String... labels) {
    set(metric, value ? 1 : 0, labels);
  }

  /** Adds to a value, which is 0 before. */
  public void add(Metric metric, double value, String... labels) {
    put(metric, value, labels, true);
  }

  private void put(Metric metric, double value, String[] labels, boolean sum) {
    if (labels.length != metric.labels().size()) {
      throw new IllegalArgumentException(metric + " has labels " + metric.labels());
    }
    var table = rows.computeIfAbsent(metric, _ -> new LinkedHashMap<>());
    var key = List.of(labels);
    if (table.size() >= MAX_ROWS && !table.containsKey(key)) {
      leftOut.merge(metric, 1, Integer::sum);
      return;
    }
    table.merge(key, value, sum ? Double::sum : (_, last) -> last);
  }

  /** As the library writes them. */
  MetricSnapshots snapshots() {
    leftOut.forEach((metric, count) -> set(Metric.LEFT_OUT, count, metric.title()));
    var snapshots = new ArrayList<MetricSnapshot>();
    rows.forEach((metric, table) -> snapshots.add(snapshot(metric, table)));
    return new MetricSnapshots(snapshots);
  }

  private static MetricSnapshot snapshot(Metric metric, Map<List<String>, Double> table) {
    if (metric == Metric.BUILD) { // of a type of its own in OpenMetrics
      var info = InfoSnapshot.builder().name("weft_build").help(metric.help());
      table
          .keySet()
          .forEach(
              key ->
                  info.dataPoint(
                      InfoSnapshot.InfoDataPointSnapshot.builder()
                          .labels(labels(metric, key))
                          .build()));
      return info.build();
    }
    if (metric.isCounter()) {
      var counter = CounterSnapshot.builder().name(metric.base()).help(metric.help());
      table.forEach(
          (key, value) ->
              counter.dataPoint(
                  CounterSnapshot.CounterDataPointSnapshot.builder()
                      .value(value)
                      .labels(labels(metric, key))
                      .build()));
      return counter.build();
    }
    var gauge = GaugeSnapshot.builder().name(metric.base()).help(metric.help());
    table.forEach(
        (key, value) ->
            gauge.dataPoint(
                GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .value(value)
                    .labels(labels(metric, key))
                    .build()));
    return gauge.build();
  }

  private static Labels labels(Metric metric, List<String> values) {
    return Labels.of(metric.labels(), values);
  }
}
