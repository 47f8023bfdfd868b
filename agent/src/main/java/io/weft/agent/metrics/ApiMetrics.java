package io.weft.agent.metrics;

import io.weft.kubernetes.api.ApiCalls;
import java.util.concurrent.TimeUnit;

/** What a client of the Kubernetes API tells. */
public final class ApiMetrics {
  private ApiMetrics() {}

  /** Adds them. */
  public static void addTo(Readings readings, ApiCalls calls) {
    readings.set(Metric.API_CALLS, calls.answered(), "answered");
    readings.set(Metric.API_CALLS, calls.refused(), "refused");
    readings.set(Metric.API_CALLS, calls.failed(), "failed");
    calls
        .lastAnswerNanos()
        .ifPresent(
            last ->
                readings.set(
                    Metric.API_ANSWER, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - last)));
  }
}
