package io.weft.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.intent.IntentWords;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.simulation.WhatIf;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.function.ToLongFunction;

/**
 * The answer to {@code weft simulate --intent DIR --change NEWDIR}.
 *
 * @param problems of both directories, each with its place
 */
record WhatIfAnswer(WhatIf.Report report, List<String> problems) {
  /** Pairs of pods that are named; of more only the number is told. */
  private static final int MOST_PAIRS = 100;

  /** Puts the question to a simulated fabric. */
  static WhatIfAnswer ask(Path intent, Path change, int nodes, int podsPerNode, long seed)
      throws IOException {
    var problems = new ArrayList<String>();
    var before = read(intent, problems);
    var after = read(change, problems);
    return new WhatIfAnswer(WhatIf.of(nodes, podsPerNode, before, after, seed), problems);
  }

  private static WhatIf.Words read(Path directory, List<String> problems) throws IOException {
    var reading = IntentDirectory.load(directory);
    reading.problems().forEach(problem -> problems.add(directory + "/" + problem));
    return WhatIf.Words.of(IntentWords.node(reading.intent(), List.of()));
  }

  private long total(ToLongFunction<WhatIf.NodeWork> part) {
    return report.nodes().values().stream().mapToLong(part).sum();
  }

  /**
   * Whether the change hurts nobody: both intents can be read, no session ends, no pair is lost,
   * and it comes to an end.
   */
  boolean harmless() {
    return problems.isEmpty()
        && report.settled()
        && report.lost().isEmpty()
        && report.sessionsReset() == 0;
  }

  ObjectNode document() {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("ok", harmless()).put("settled", report.settled());
    document.put("virtualMillis", report.duration().toNanos() / 1e6);
    document.put("pods", report.pods());
    var refused = document.putObject("refusedPods");
    report.refused().forEach(refused::put);
    document.put("sessionsReset", report.sessionsReset());
    document
        .putObject("routes")
        .put("announced", total(WhatIf.NodeWork::announced))
        .put("withdrawn", total(WhatIf.NodeWork::withdrawn));
    var operations = document.putArray("operations");
    report
        .nodes()
        .forEach(
            (node, work) ->
                operations
                    .addObject()
                    .put("node", node)
                    .put("puts", work.puts())
                    .put("removals", work.removals())
                    .put("routesAnnounced", work.announced())
                    .put("routesWithdrawn", work.withdrawn()));
    document.put("reachablePairs", report.reached());
    pairs(document, "lost", report.lost());
    pairs(document, "gained", report.gained());
    problems.forEach(document.putArray("problems")::add);
    return document;
  }

  private static void pairs(ObjectNode document, String name, SortedSet<WhatIf.Pair> pairs) {
    document.put(name + "Pairs", pairs.size());
    var array = document.putArray(name);
    pairs.stream()
        .limit(MOST_PAIRS)
        .forEach(pair -> array.addObject().put("from", pair.from()).put("to", pair.to()));
  }

  void print(PrintWriter out) {
    problems.forEach(problem -> out.println("PROBLEM  " + problem));
    report.refused().forEach((pod, why) -> out.println("REFUSED  " + pod + ": " + why));
    var table = new Table("WHAT", "VALUE");
    table.row("pods", "%,d".formatted(report.pods()));
    table.row("BGP sessions reset", "%,d".formatted(report.sessionsReset()));
    table.row("routes announced", "%,d".formatted(total(WhatIf.NodeWork::announced)));
    table.row("routes withdrawn", "%,d".formatted(total(WhatIf.NodeWork::withdrawn)));
    table.row("pairs of pods that reach each other then", "%,d".formatted(report.reached()));
    table.row("  that do no more", "%,d".formatted(report.lost().size()));
    table.row("  that did not before", "%,d".formatted(report.gained().size()));
    table.row("until the last kernel has it", report.duration().toNanos() / 1e6 + " ms");
    out.print(table);
    out.println();
    var nodes = new Table("NODE", "PUTS", "REMOVALS", "ANNOUNCED", "WITHDRAWN");
    report
        .nodes()
        .forEach(
            (node, work) ->
                nodes.row(
                    node,
                    String.valueOf(work.puts()),
                    String.valueOf(work.removals()),
                    String.valueOf(work.announced()),
                    String.valueOf(work.withdrawn())));
    out.print(nodes);
    tell(out, "LOST", report.lost());
    tell(out, "GAINED", report.gained());
    if (!report.settled()) {
      out.println("it did NOT come to an end");
    }
  }

  private static void tell(PrintWriter out, String what, Collection<WhatIf.Pair> pairs) {
    pairs.stream()
        .limit(MOST_PAIRS)
        .forEach(pair -> out.println(what + "  " + pair.from() + " to " + pair.to()));
  }
}
