package io.weft.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.simulation.ClusterFault;
import io.weft.simulation.ClusterRun;
import io.weft.simulation.ClusterScript;
import io.weft.simulation.FabricRun;
import io.weft.simulation.FabricSize;
import io.weft.simulation.Fault;
import io.weft.simulation.Script;
import io.weft.simulation.ScriptRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft simulate}. */
@Command(
    name = "simulate",
    mixinStandardHelpOptions = true,
    description = {
      "A whole fabric in this process, on a virtual clock: the same brains as in the agents and"
          + " reflectors, over simulated kernels and links. It starts from nothing, changes,"
          + " suffers faults if asked to, and is checked all the while."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:all held", "1:something did not hold", "2:the command line is wrong"},
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft simulate                                    100 nodes with 10 pods each",
      "  weft simulate --nodes 500 --networks 75 --json   the report for programs",
      "  weft simulate --nodes 20 --faults all --seed 7   with every fault",
      "  weft simulate --cluster --faults all             controllers and an API server that fails",
      "  weft simulate --script failed.txt                what a failing run printed, once more",
      "  weft simulate --intent /etc/weft --change next   what would it do?",
      "  weft simulate --kubeconfig FILE --change next    the same of a cluster",
      "  weft simulate --captured now --change next       the same of files"
    })
final class SimulateCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 8;
  private static final long NANOS_BETWEEN_PROGRESS = 1_000_000_000L;
  private static final Duration MOST_SHRINKING = Duration.ofMinutes(1);

  /** For the help text. */
  static final class FaultNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(Fault.values()).map(Fault::toString).iterator();
    }
  }

  /** Likewise. */
  static final class ClusterFaultNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(ClusterFault.values()).map(ClusterFault::toString).iterator();
    }
  }

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(names = "--nodes", description = "Nodes: 2 to 10,000. Default: ${DEFAULT-VALUE}.")
  private int nodes = 100;

  @Option(
      names = "--pods-per-node",
      description = "Pods of each node after the cold start: 1 to 250. Default: ${DEFAULT-VALUE}.")
  private int podsPerNode = 10;

  @Option(
      names = "--pods-within",
      paramLabel = "SECONDS",
      description =
          "The pods of a node come each at a moment of its own within so many seconds, 0 to 3,600."
              + " Default: ${DEFAULT-VALUE}, all at once, as a container runtime starts them.")
  private int podsWithin;

  @Option(names = "--networks", description = "1 to 1,024. Default: ${DEFAULT-VALUE}.")
  private int networks = 20;

  @Option(
      names = "--tenants",
      description = "The networks are theirs by turns. Default: ${DEFAULT-VALUE}.")
  private int tenants = 5;

  @Option(
      names = "--networks-per-node",
      description =
          "Each node has pods of so many networks of one tenant. Default: ${DEFAULT-VALUE}.")
  private int networksPerNode = 3;

  @Option(
      names = "--reflectors",
      description = "1 to 16; a node talks with two of them. Default: ${DEFAULT-VALUE}.")
  private int reflectors = 2;

  @Option(
      names = "--layer2",
      description = "Networks have no gateway; without this, tenants route between theirs.")
  private boolean layer2;

  @Option(
      names = "--dual",
      description =
          "Nodes have VTEPs of both families, but for one in four that has IPv4 alone, and one in"
              + " four that has IPv6 alone.")
  private boolean dual;

  @Option(
      names = "--multicast",
      description =
          "Two of three networks have 'multicast: selective', and pods join groups and leave them"
              + " while faults happen.")
  private boolean multicast;

  @Option(
      names = "--learning",
      description =
          "The ports of one pod in four learn who is behind them, and hosts that nobody announces"
              + " come there while faults happen.")
  private boolean learning;

  @Option(
      names = "--all-routes",
      description =
          "Nodes do not say which routes they want (RFC 4684), and are told of all of them.")
  private boolean allRoutes;

  @Option(
      names = "--changes",
      description =
          "Pods that come, go and move after the cold start, one after the other. Default:"
              + " ${DEFAULT-VALUE}.")
  private int changes = 30;

  @Option(
      names = "--faults",
      paramLabel = "FAULT",
      split = ",",
      description =
          "What happens after the changes, at random: all, or some of ${COMPLETION-CANDIDATES}."
              + " Default: none.",
      completionCandidates = FaultNames.class)
  private List<String> faults = List.of();

  @Option(
      names = "--cluster",
      description = {
        "In place of a fabric, of its own size: two controllers, four nodes that share a store of"
            + " addresses, and an API server. --seed and --minutes count, and --faults: all, or"
            + " some of ${COMPLETION-CANDIDATES}."
      },
      completionCandidates = ClusterFaultNames.class)
  private boolean cluster;

  @Option(
      names = "--minutes",
      description = "Virtual time with faults, 1 to 1,440. Default: ${DEFAULT-VALUE}.")
  private int minutes = 5;

  @Option(
      names = "--seed",
      description = "Decides all that is left to chance. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--soak",
      description =
          "One seed after the other, from --seed on, until it is stopped or something does not"
              + " hold.")
  private boolean soak;

  @Option(
      names = "--script",
      paramLabel = "FILE",
      description =
          "Does what the file says, and nothing else: a run that fails prints it, shrunk to what it"
              + " takes.")
  private Optional<Path> script = Optional.empty();

  @Mixin private final WhatIfOptions question = new WhatIfOptions();

  @Option(
      names = "--threads",
      description =
          "Threads of the run; 0: as many as there are processors, 8 at most. The trace is the same"
              + " with any number.")
  private int threads;

  @Option(
      names = "--json",
      description = "One JSON document on standard output; progress on standard error.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (soak && (script.isPresent() || question.areGiven())) {
      throw wrong("--soak goes from seed to seed: --script and what-if have one");
    }
    if (script.isPresent()) {
      return replay(script.get());
    }
    if (question.areGiven()) {
      return whatIf();
    }
    int code = oneSeed();
    while (soak && code == 0 && !Thread.currentThread().isInterrupted()) {
      seed++;
      code = oneSeed();
    }
    return code;
  }

  private int oneSeed() throws IOException {
    return cluster ? cluster() : fabric();
  }

  /** Of a seed that holds a soak tells no more than that. */
  private int held() {
    spec.commandLine().getErr().printf("seed %d: everything held%n", seed);
    spec.commandLine().getErr().flush();
    return 0;
  }

  private int fabric() throws IOException {
    var size = size();
    var err = spec.commandLine().getErr();
    long began = System.nanoTime();
    FabricRun run;
    double started;
    try (var crew = new ThinkingCrew(threads())) {
      run = FabricRun.by(crew, size, seed);
      started = run(run, err, began) / 1e9;
    } catch (IllegalArgumentException e) { // the size, which only shows on the way
      throw wrong(String.valueOf(e.getMessage()));
    }
    var report = run.report();
    if (soak && report.ok()) {
      return held();
    }
    double wall = (System.nanoTime() - began) / 1e9;
    var script = run.script();
    var shrunk = report.ok() ? List.<String>of() : shrunk(goesOn -> script.shrunk(goesOn).text());
    var out = spec.commandLine().getOut();
    var answer = new FabricAnswer(report, started, wall);
    if (json) {
      var document = answer.document();
      shrunk.forEach(document.putArray("script")::add);
      out.println(AgentCall.text(document));
    } else {
      answer.print(out);
      printScript(shrunk, out);
    }
    return report.ok() ? 0 : Weft.FAILED;
  }

  /** What is left of what failed when nobody may wait any longer. */
  private List<String> shrunk(Function<BooleanSupplier, List<String>> shrink) {
    var err = spec.commandLine().getErr();
    err.printf("shrinking what failed, for %d s at most%n", MOST_SHRINKING.toSeconds());
    err.flush();
    long until = System.nanoTime() + MOST_SHRINKING.toNanos();
    return shrink.apply(() -> System.nanoTime() - until < 0);
  }

  private static void printScript(List<String> script, PrintWriter out) {
    if (!script.isEmpty()) {
      out.println("\nThis is all it takes (weft simulate --script FILE):\n");
      script.forEach(out::println);
    }
  }

  private int whatIf() throws IOException, InterruptedException {
    size(); // its limits
    WhatIfAnswer answer;
    try {
      answer = WhatIfAnswer.to(question.question(), nodes, podsPerNode, seed);
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(AgentCall.text(answer.document()));
    } else {
      answer.print(out);
    }
    return answer.harmless() ? 0 : Weft.FAILED;
  }

  private int cluster() throws IOException {
    if (minutes < 1 || minutes > 1_440) {
      throw wrong("--minutes must be from 1 to 1440, not " + minutes);
    }
    var run = new ClusterRun(seed, chosen(ClusterFault.class));
    var violations = run.run(Duration.ofMinutes(minutes));
    if (soak && violations.isEmpty()) {
      return held();
    }
    var shrunk =
        violations.isEmpty()
            ? List.<String>of()
            : shrunk(goesOn -> run.script().shrunk(goesOn).text());
    var out = spec.commandLine().getOut();
    if (json) {
      var document = JsonNodeFactory.instance.objectNode().put("ok", violations.isEmpty());
      document.put("traceSha256", run.traceSha256());
      violations.forEach(document.putArray("violations")::add);
      var counts = document.putObject("faults");
      run.counts().forEach((fault, count) -> counts.put(fault.toString(), count));
      shrunk.forEach(document.putArray("script")::add);
      out.println(AgentCall.text(document));
    } else {
      var table = new Table("WHAT", "VALUE");
      run.counts().forEach((fault, count) -> table.row(fault, count));
      table.row("trace, SHA-256", run.traceSha256());
      out.print(table);
      out.println();
      tell(violations, out);
      printScript(shrunk, out);
    }
    return violations.isEmpty() ? 0 : Weft.FAILED;
  }

  private int replay(Path file) throws IOException {
    List<String> violations;
    try {
      var text = Files.readAllLines(file);
      violations =
          ClusterScript.is(text)
              ? ClusterScript.parse(text).violations()
              : ScriptRun.violations(Script.parse(text));
    } catch (NoSuchFileException e) {
      throw wrong("--script: there is no file " + file);
    } catch (IllegalArgumentException e) {
      throw wrong("--script: " + file + ": " + e.getMessage());
    }
    var out = spec.commandLine().getOut();
    if (json) {
      var document = JsonNodeFactory.instance.objectNode().put("ok", violations.isEmpty());
      violations.forEach(document.putArray("violations")::add);
      out.println(AgentCall.text(document));
    } else {
      tell(violations, out);
    }
    return violations.isEmpty() ? 0 : Weft.FAILED;
  }

  static void tell(List<String> violations, PrintWriter out) {
    violations.forEach(violation -> out.println("VIOLATED  " + violation));
    out.println(violations.isEmpty() ? "everything held" : "NOT everything held");
  }

  /** Gives the nanoseconds from the beginning to the end of the cold start. */
  private static long run(FabricRun run, PrintWriter err, long began) {
    long told = began;
    long started = 0;
    boolean starting = true;
    while (run.advance()) {
      long now = System.nanoTime();
      if (starting) {
        started = now - began;
        starting = !run.isStarted();
      }
      if (now - told >= NANOS_BETWEEN_PROGRESS) {
        told = now;
        tell(run, err, now - began);
      }
    }
    return started;
  }

  private int threads() {
    if (threads < 0 || threads > MOST_THREADS) {
      throw wrong("--threads must be from 0 to %d, not %d".formatted(MOST_THREADS, threads));
    }
    int processors = Runtime.getRuntime().availableProcessors();
    return threads > 0 ? threads : Math.min(MOST_THREADS, processors);
  }

  private FabricSize size() {
    if (minutes < 1 || minutes > 1_440) {
      throw wrong("--minutes must be from 1 to 1440, not " + minutes);
    }
    try {
      return new FabricSize(
              nodes,
              podsPerNode,
              networks,
              tenants,
              networksPerNode,
              reflectors,
              !layer2,
              changes,
              faults(),
              Duration.ofMinutes(minutes))
          .constrained(!allRoutes)
          .dual(dual)
          .multicast(multicast)
          .learning(learning)
          .podsWithin(Duration.ofSeconds(podsWithin));
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
  }

  private SortedSet<Fault> faults() {
    return new TreeSet<>(chosen(Fault.class));
  }

  /** Those of {@code --faults}. */
  private <E extends Enum<E>> EnumSet<E> chosen(Class<E> type) {
    var chosen = EnumSet.noneOf(type);
    for (var name : faults) {
      var found =
          EnumSet.allOf(type).stream()
              .filter(fault -> name.equals("all") || name.equals(fault.toString()))
              .toList();
      if (found.isEmpty()) {
        throw wrong(
            "--faults: there is no fault '%s'; there are all, %s"
                .formatted(
                    name,
                    EnumSet.allOf(type).stream()
                        .map(Enum::toString)
                        .collect(Collectors.joining(", "))));
      }
      chosen.addAll(found);
    }
    return chosen;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private static void tell(FabricRun run, PrintWriter err, long wallNanos) {
    var at = run.progress();
    err.printf(
        Locale.ROOT,
        "%5.0f s  %-10s  %3.0f %%  virtual time %.1f s%n",
        wallNanos / 1e9,
        at.phase(),
        at.share() * 100,
        at.virtualTime().toMillis() / 1e3);
  }
}
