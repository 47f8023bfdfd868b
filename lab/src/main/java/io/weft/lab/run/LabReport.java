package io.weft.lab.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Latencies;
import io.weft.lab.cluster.PodTable;
import io.weft.lab.process.RunningLab;
import io.weft.linux.ffi.LinuxException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a run found, for programs. */
final class LabReport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<CheckResult> results = new ArrayList<>();
  private Optional<Latencies> latencies = Optional.empty();
  private Optional<PodTable> pods = Optional.empty();

  /** What finds out whether something holds. */
  interface Look {
    CheckResult run() throws IOException, InterruptedException;
  }

  /** Carries checks out, one after the other. An interrupt ends it between two at the latest. */
  void carryOut(List<Check> checks, RunningLab running, Progress progress)
      throws InterruptedException {
    for (var check : checks) {
      carryOut(check.name(), () -> check.run(running), progress);
    }
  }

  /** One check. If it cannot be carried out it does not hold; the others go on. */
  void carryOut(String name, Look look, Progress progress) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("told to end");
    }
    CheckResult result;
    try {
      result = look.run();
    } catch (IOException | LinuxException | IllegalStateException e) {
      result = new CheckResult(name, false, String.valueOf(e.getMessage()));
    }
    results.add(result);
    progress.check(result);
  }

  /** The pods of a cluster, as they were started. */
  void pods(PodTable table) {
    pods = Optional.of(table);
  }

  void measured(Latencies measured) {
    latencies = Optional.of(measured);
  }

  boolean ok() {
    return !results.isEmpty() && results.stream().allMatch(CheckResult::ok);
  }

  List<String> failed() {
    return results.stream().filter(result -> !result.ok()).map(CheckResult::name).toList();
  }

  int size() {
    return results.size();
  }

  String json(double seconds) {
    var document = JSON.createObjectNode().put("ok", ok());
    var checks = document.putArray("checks");
    for (var result : results) {
      checks
          .addObject()
          .put("name", result.name())
          .put("ok", result.ok())
          .put("detail", result.detail());
    }
    pods.ifPresent(table -> table.write(document.putArray("pods")));
    latencies.ifPresent(
        measured ->
            document
                .putObject("attachToRemoteFdbMillis")
                .put("median", rounded(measured.median()))
                .put("p99", rounded(measured.p99()))
                .put("max", rounded(measured.max()))
                .put("samples", measured.samples()));
    return text(document.put("seconds", rounded(seconds)));
  }

  /** In place of a report, when nothing could be run. */
  static String failure(String message) {
    return text(JSON.createObjectNode().put("ok", false).put("error", message));
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  static String text(ObjectNode document) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of values is not JSON", e);
    }
  }
}
