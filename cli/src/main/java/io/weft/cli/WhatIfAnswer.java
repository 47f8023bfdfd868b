package io.weft.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.IpAddress;
import io.weft.simulation.WhatIf;
import io.weft.simulation.WhatIfReport;
import io.weft.simulation.WhatIfReport.NodeWork;
import io.weft.simulation.WhatIfReport.Pair;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * The answer to {@code weft simulate --change NEWDIR}.
 *
 * @param mostInterruption longer ones of a pair are harm
 * @param vteps of nodes that have others afterwards
 * @param problems of both intents, each with its place
 * @param assumed what the intents do not say, and the answer depends on
 * @param notSimulated what the answer leaves out
 */
record WhatIfAnswer(
    WhatIfReport report,
    Optional<Duration> mostInterruption,
    List<WhatIfFabric.VtepChange> vteps,
    List<String> problems,
    List<String> assumed,
    List<String> notSimulated) {
  /** Pairs that are named; of more only the number is told. */
  private static final int MOST_PAIRS = 100;

  /** Nodes that are named where sessions are told. */
  private static final int MOST_NODES = 5;

  /** Nodes of which the VTEPs are told. */
  private static final int MOST_VTEPS = 10;

  /** Of those that are interrupted, the worst. */
  private static final int WORST_PAIRS = 10;

  /** Puts the question to a simulated fabric, of the cluster's nodes or of so many. */
  static WhatIfAnswer to(WhatIfOptions.Question question, int nodes, int podsPerNode, long seed) {
    var before = question.before();
    var after = question.after();
    var names = nodes(question, question.nodes().isEmpty() ? nodes : 0);
    var fabric = new WhatIfFabric(question, names);
    var report =
        WhatIf.of(
            fabric.site(), podsPerNode, fabric.before(), fabric.after(), question.spread(), seed);
    return new WhatIfAnswer(
        report,
        question.mostInterruption(),
        fabric.changes(),
        question.problems(),
        fabric.assumptions(),
        WhatIfLimits.of(before.intent().fabric().spec(), after.intent().fabric().spec()));
  }

  /**
   * The cluster's and those that endpoints are declared on, and others beside them where they are
   * too few.
   */
  private static List<String> nodes(WhatIfOptions.Question question, int least) {
    var names = new TreeSet<>(question.nodes().keySet());
    for (var reading : List.of(question.before(), question.after())) {
      reading.intent().endpoints().values().forEach(endpoint -> names.add(endpoint.spec().node()));
    }
    var nodes = new ArrayList<>(names);
    for (int number = 1; nodes.size() < least; number++) {
      if (!names.contains("n" + number)) {
        nodes.add("n" + number);
      }
    }
    return nodes;
  }

  private long total(ToLongFunction<NodeWork> part) {
    return report.nodes().values().stream().mapToLong(part).sum();
  }

  /**
   * Whether the change hurts nobody: both intents can be read, no session ends, no pair is lost or
   * interrupted for longer than it may be, and it comes to an end.
   */
  boolean harmless() {
    return problems.isEmpty()
        && report.settled()
        && report.lost().isEmpty()
        && !isInterruptedForTooLong()
        && report.sessionsReset() == 0;
  }

  private boolean isInterruptedForTooLong() {
    return mostInterruption
        .filter(most -> report.longestInterruption().compareTo(most) > 0)
        .isPresent();
  }

  /** Those that are interrupted for longest first. */
  private List<Map.Entry<Pair, Duration>> worst(int count) {
    return report.interrupted().entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .limit(count)
        .toList();
  }

  private static double millis(Duration time) {
    return time.toNanos() / 1e6;
  }

  ObjectNode document() {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("ok", harmless()).put("settled", report.settled());
    document.put("virtualMillis", millis(report.duration()));
    document.put("grainMillis", millis(WhatIf.GRAIN));
    document.put("endpoints", report.endpoints());
    var refused = document.putObject("refused");
    report.refused().forEach(refused::put);
    var vtepsChanged = document.putArray("vteps");
    for (var each : vteps) {
      var node = vtepsChanged.addObject().put("node", each.node());
      each.before().forEach(vtep -> node.withArray("before").add(vtep.toString()));
      each.after().forEach(vtep -> node.withArray("after").add(vtep.toString()));
    }
    document.put("sessionsReset", report.sessionsReset());
    document.put("sessionsMade", report.sessionsMade());
    var sessions = document.putArray("sessions");
    for (var each : report.sessions()) {
      sessions
          .addObject()
          .put("node", each.node())
          .put("peer", each.peer().toString())
          .put("fate", each.fate().toString());
    }
    var neighbours = document.putArray("neighbours");
    report
        .heard()
        .forEach(
            (peer, heard) ->
                neighbours
                    .addObject()
                    .put("peer", peer.toString())
                    .put("routesBefore", heard.before())
                    .put("routesAfter", heard.after())
                    .put("lost", heard.lost())
                    .put("gained", heard.gained()));
    document
        .putObject("routes")
        .put("announced", total(NodeWork::announced))
        .put("withdrawn", total(NodeWork::withdrawn));
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
    var crossings = document.putArray("reachability");
    for (var each : report.crossings()) {
      crossings
          .addObject()
          .put("from", each.from())
          .put("to", each.to())
          .put("before", each.before())
          .put("after", each.after())
          .put("lost", each.lost())
          .put("gained", each.gained())
          .put("interrupted", each.interrupted())
          .put("longestMillis", millis(each.longest()));
    }
    pairs(document, "lost", report.lost());
    pairs(document, "gained", report.gained());
    document.put("interruptedPairs", report.interrupted().size());
    document.put("longestInterruptionMillis", millis(report.longestInterruption()));
    var interrupted = document.putArray("interrupted");
    worst(MOST_PAIRS)
        .forEach(
            each ->
                interrupted
                    .addObject()
                    .put("from", each.getKey().from())
                    .put("to", each.getKey().to())
                    .put("millis", millis(each.getValue())));
    problems.forEach(document.putArray("problems")::add);
    assumed.forEach(document.putArray("assumed")::add);
    notSimulated.forEach(document.putArray("notSimulated")::add);
    return document;
  }

  private static void pairs(ObjectNode document, String name, SortedSet<Pair> pairs) {
    document.put(name + "Pairs", pairs.size());
    var array = document.putArray(name);
    pairs.stream()
        .limit(MOST_PAIRS)
        .forEach(pair -> array.addObject().put("from", pair.from()).put("to", pair.to()));
  }

  void print(PrintWriter out) {
    problems.forEach(problem -> out.println("PROBLEM  " + problem));
    report.refused().forEach((endpoint, why) -> out.println("REFUSED  " + endpoint + ": " + why));
    notSimulated.forEach(what -> out.println("NOT SIMULATED  " + what));
    assumed.forEach(what -> out.println("ASSUMED  " + what));
    tellVteps(out);
    var table = new Table("WHAT", "VALUE");
    table.row("endpoints before", count(report.endpoints()));
    table.row("BGP sessions reset", count(report.sessionsReset()));
    table.row("BGP sessions made", count(report.sessionsMade()));
    table.row("nodes that do something", count(report.nodes().size()));
    table.row("  objects put into kernels", count(total(NodeWork::puts)));
    table.row("  objects removed", count(total(NodeWork::removals)));
    table.row("  routes announced", count(total(NodeWork::announced)));
    table.row("  routes withdrawn", count(total(NodeWork::withdrawn)));
    table.row("pairs that reach each other afterwards", count(report.reached()));
    table.row("  LOST, that did before", count(report.lost().size()));
    table.row("  gained, that did not", count(report.gained().size()));
    table.row("  interrupted meanwhile", count(report.interrupted().size()));
    table.row("  longest interruption", text(report.longestInterruption()));
    table.row("until the last kernel has it", text(report.duration()));
    out.print(table);
    printNeighbours(out);
    if (!report.crossings().isEmpty()) {
      out.println();
      var crossings =
          new Table(
              "FROM", "TO", "PAIRS BEFORE", "AFTER", "LOST", "GAINED", "INTERRUPTED", "LONGEST");
      for (var each : report.crossings()) {
        crossings.row(
            each.from(),
            each.to(),
            count(each.before()),
            count(each.after()),
            count(each.lost()),
            count(each.gained()),
            count(each.interrupted()),
            each.interrupted() == 0 ? "" : text(each.longest()));
      }
      out.print(crossings);
    }
    printNodes(out);
    tell(out, "LOST", report.lost());
    tell(out, "GAINED", report.gained());
    tellInterrupted(out);
    out.println();
    out.println(verdict());
  }

  /** Sessions, by neighbours and what becomes of them; routes of those that do not reflect. */
  private void printNeighbours(PrintWriter out) {
    var nodes = new TreeMap<IpAddress, TreeMap<WhatIfReport.Fate, List<String>>>();
    for (var each : report.sessions()) {
      nodes
          .computeIfAbsent(each.peer(), _ -> new TreeMap<>())
          .computeIfAbsent(each.fate(), _ -> new ArrayList<>())
          .add(each.node());
    }
    if (!nodes.isEmpty()) {
      out.println();
      var sessions = new Table("NEIGHBOUR", "SESSIONS", "COUNT", "NODES");
      nodes.forEach(
          (peer, fates) ->
              fates.forEach((fate, of) -> sessions.row(peer, fate, count(of.size()), some(of))));
      out.print(sessions);
    }
    if (!report.heard().isEmpty()) {
      out.println();
      var heard = new Table("NEIGHBOUR", "ROUTES BEFORE", "AFTER", "LOST", "GAINED");
      report
          .heard()
          .forEach(
              (peer, each) ->
                  heard.row(
                      peer,
                      count(each.before()),
                      count(each.after()),
                      count(each.lost()),
                      count(each.gained())));
      out.print(heard);
    }
  }

  private static String some(List<String> nodes) {
    var first = nodes.stream().limit(MOST_NODES).collect(Collectors.joining(", "));
    return nodes.size() > MOST_NODES
        ? first + " and " + count(nodes.size() - MOST_NODES) + " more"
        : first;
  }

  private void tellVteps(PrintWriter out) {
    vteps.stream()
        .limit(MOST_VTEPS)
        .forEach(
            each ->
                out.println(
                    "VTEP  %s: %s becomes %s"
                        .formatted(each.node(), text(each.before()), text(each.after()))));
    if (vteps.size() > MOST_VTEPS) {
      out.println("VTEP  and of " + count(vteps.size() - MOST_VTEPS) + " more nodes");
    }
  }

  private static String text(List<IpAddress> vteps) {
    return vteps.stream().map(IpAddress::toString).collect(Collectors.joining(" and "));
  }

  private void printNodes(PrintWriter out) {
    if (report.nodes().isEmpty()) {
      return;
    }
    out.println();
    var nodes = new Table("NODE", "PUTS", "REMOVALS", "ANNOUNCED", "WITHDRAWN");
    report
        .nodes()
        .forEach(
            (node, work) ->
                nodes.row(
                    node,
                    count(work.puts()),
                    count(work.removals()),
                    count(work.announced()),
                    count(work.withdrawn())));
    out.print(nodes);
    out.println();
  }

  private String verdict() {
    if (harmless()) {
      return report.interrupted().isEmpty()
          ? "nobody loses anything"
          : "nobody loses anything for good; " + interruption();
    }
    var reasons = new ArrayList<String>();
    if (!problems.isEmpty()) {
      reasons.add("something is wrong with the intent");
    }
    if (!report.lost().isEmpty()) {
      reasons.add(
          "%s pairs do not reach each other any more".formatted(count(report.lost().size())));
    }
    if (report.sessionsReset() > 0) {
      reasons.add("%s BGP sessions end".formatted(count(report.sessionsReset())));
    }
    if (isInterruptedForTooLong()) {
      reasons.add(interruption());
    }
    if (!report.settled()) {
      reasons.add("it did not come to an end");
    }
    return "NOT harmless: " + String.join("; ", reasons);
  }

  private String interruption() {
    return "%s pairs are interrupted, for %s at most"
        .formatted(count(report.interrupted().size()), text(report.longestInterruption()));
  }

  private void tellInterrupted(PrintWriter out) {
    worst(WORST_PAIRS)
        .forEach(
            each ->
                out.println(
                    "INTERRUPTED  %s to %s for %s"
                        .formatted(
                            each.getKey().from(), each.getKey().to(), text(each.getValue()))));
    if (report.interrupted().size() > WORST_PAIRS) {
      out.println(
          "INTERRUPTED  and "
              + count(report.interrupted().size() - WORST_PAIRS)
              + " more, for as long or shorter");
    }
  }

  private static String text(Duration time) {
    return "%,.1f ms".formatted(millis(time));
  }

  private static String count(long number) {
    return "%,d".formatted(number);
  }

  private static void tell(PrintWriter out, String what, Collection<Pair> pairs) {
    pairs.stream()
        .limit(MOST_PAIRS)
        .forEach(pair -> out.println(what + "  " + pair.from() + " to " + pair.to()));
    if (pairs.size() > MOST_PAIRS) {
      out.println(what + "  and " + count(pairs.size() - MOST_PAIRS) + " more");
    }
  }
}
