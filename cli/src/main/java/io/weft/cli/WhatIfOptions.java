package io.weft.cli;

import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.intent.CapturedIntent;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.ResourceKey;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Of {@code weft simulate}: what there is, and what shall be in its place. */
final class WhatIfOptions {
  private static final int MOST_SPREAD_MILLIS = 600_000;

  @Option(
      names = "--intent",
      paramLabel = "DIR",
      description =
          "With --change: what would another intent do? DIR is the one of now, as weft node reads"
              + " it; --nodes of --pods-per-node pods, which the networks get by turns, and the"
              + " nodes that Endpoints name.")
  private Optional<Path> intent = Optional.empty();

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description =
          "In place of --intent: what the cluster of its current context has, and its nodes. It is"
              + " only read (list of Weft's kinds and of nodes).")
  private Optional<Path> kubeconfig = Optional.empty();

  @Option(
      names = "--captured",
      paramLabel = "DIR",
      description =
          "The same from files that kubectl get -o yaml (or json) has written: docs/changes.md.")
  private Optional<Path> captured = Optional.empty();

  @Option(
      names = "--change",
      paramLabel = "NEWDIR",
      description =
          "The other intent: told are the operations of each node, routes, sessions reset, and who"
              + " no longer reaches whom, or only then: pods, endpoints, the world outside. Over a"
              + " cluster: the objects in NEWDIR replace those of their kind and name.")
  private Optional<Path> change = Optional.empty();

  @Option(
      names = "--delete",
      paramLabel = "KIND/NAME",
      description = "With --kubeconfig or --captured: this one goes, such as Network/web.")
  private List<String> deleted = List.of();

  @Option(
      names = "--spread",
      paramLabel = "MS",
      description =
          "With --change: nodes hear of it one after the other, the last so long after the first;"
              + " 0: all at once (default: ${DEFAULT-VALUE}).")
  private int spread;

  @Option(
      names = "--max-interruption",
      paramLabel = "MS",
      description =
          "With --change: it is a failure (exit code 1) when two that reach each other before and"
              + " afterwards do not for longer than that meanwhile.")
  private Optional<Integer> mostInterruption = Optional.empty();

  /**
   * Both sides of the question.
   *
   * @param nodes of the cluster, with what is known of their addresses; none where no cluster says
   * @param problems of both, each with its place
   * @param spread from the first node that hears of the change to the last
   * @param mostInterruption of a pair, longer ones are harm
   */
  record Question(
      IntentReading before,
      IntentReading after,
      SortedMap<String, List<IpAddress>> nodes,
      List<String> problems,
      Duration spread,
      Optional<Duration> mostInterruption) {}

  /** Whether the question is put at all. */
  boolean areGiven() {
    return sources() > 0
        || change.isPresent()
        || !deleted.isEmpty()
        || spread != 0
        || mostInterruption.isPresent();
  }

  private long sources() {
    return Stream.of(intent, kubeconfig, captured).filter(Optional::isPresent).count();
  }

  /**
   * Reads both.
   *
   * @throws IllegalArgumentException when the options do not go together
   * @throws IOException when what they name cannot be read
   */
  Question question() throws IOException, InterruptedException {
    if (spread < 0 || spread > MOST_SPREAD_MILLIS) {
      throw new IllegalArgumentException(
          "--spread must be from 0 to %d ms, not %d".formatted(MOST_SPREAD_MILLIS, spread));
    }
    if (mostInterruption.filter(most -> most < 0).isPresent()) {
      throw new IllegalArgumentException("--max-interruption must not be negative");
    }
    if (sources() != 1) {
      throw new IllegalArgumentException(
          "what there is now: give one of --intent, --kubeconfig and --captured");
    }
    if (intent.isPresent()) {
      if (change.isEmpty() || !deleted.isEmpty()) {
        throw new IllegalArgumentException(
            "--intent and --change belong together; what is not in NEWDIR goes, without --delete");
      }
      return directories(intent.get(), change.get());
    }
    if (change.isEmpty() && deleted.isEmpty()) {
      throw new IllegalArgumentException("what shall change: give --change, --delete, or both");
    }
    return over(captured.isPresent() ? CapturedIntent.of(captured.get()) : cluster());
  }

  private Question asked(
      IntentReading before,
      IntentReading after,
      SortedMap<String, List<IpAddress>> nodes,
      List<String> problems) {
    return new Question(
        before,
        after,
        nodes,
        problems,
        Duration.ofMillis(spread),
        mostInterruption.map(Duration::ofMillis));
  }

  private Question directories(Path intent, Path change) throws IOException {
    var before = IntentDirectory.load(intent);
    var after = IntentDirectory.load(change);
    var problems = new ArrayList<String>();
    before.problems().forEach(problem -> problems.add(intent + "/" + problem));
    after.problems().forEach(problem -> problems.add(change + "/" + problem));
    return asked(before, after, new TreeMap<>(), problems);
  }

  private CapturedIntent cluster() throws IOException, InterruptedException {
    try (var client = new ApiClient(ApiAccess.ofKubeconfigOfPerson(kubeconfig.orElseThrow()))) {
      return CapturedIntent.of(client);
    } catch (ApiFailure failure) {
      throw new IOException(
          failure.getMessage()
              + (failure.isForbidden()
                  ? "; it takes the right to list Weft's kinds and nodes (docs/changes.md)"
                  : ""),
          failure);
    }
  }

  private Question over(CapturedIntent now) throws IOException {
    var before = now.reading();
    if (now.keys().isEmpty()) {
      throw new IOException(
          "there is no object of Weft: docs/changes.md says how to capture some"
              + before.problems().stream()
                  .map(problem -> "; " + problem)
                  .collect(Collectors.joining()));
    }
    var gone = new TreeSet<ResourceKey>();
    for (var text : deleted) {
      var key = key(text);
      if (!now.keys().contains(key)) {
        throw new IllegalArgumentException("--delete: there is no " + key);
      }
      gone.add(key);
    }
    var after = now.changed(change, gone);
    var problems = new ArrayList<String>();
    before.problems().forEach(problem -> problems.add("now: " + problem));
    after.problems().stream()
        .filter(problem -> !before.problems().contains(problem))
        .forEach(problem -> problems.add("changed: " + problem));
    return asked(before, after, now.nodes(), problems);
  }

  private static ResourceKey key(String text) {
    var parts = text.split("/", -1);
    var kind = Optional.ofNullable(Kind.BY_LABEL.get(parts[0]));
    if (parts.length != 2 || kind.isEmpty()) {
      throw new IllegalArgumentException(
          "--delete: '%s' is not KIND/NAME; kinds are %s"
              .formatted(text, String.join(", ", Kind.BY_LABEL.keySet())));
    }
    return new ResourceKey(kind.get(), parts[1]);
  }
}
