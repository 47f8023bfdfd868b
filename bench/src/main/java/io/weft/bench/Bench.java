package io.weft.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.bench.contest.Contest;
import io.weft.bench.contest.Contestant;
import io.weft.bench.contest.Scene;
import io.weft.bench.contest.Standings;
import io.weft.bench.contest.Standings.Run;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code build/bench}. */
@Command(
    name = "build/bench",
    sortOptions = false,
    description = "Loads Weft's route reflector and FRR's by turns, and prints both side by side.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  build/bench            100,000 routes, every scene once",
      "  build/bench --full     1,000,000 routes, every scene three times",
      "  build/bench --scene=bulk --only=weft --json"
    })
public final class Bench implements Callable<Integer> {
  private static final int QUICK = 100_000;
  private static final int FULL = 1_000_000;

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "This.")
  private boolean unusedHelp;

  @Option(names = "--full", description = "1,000,000 routes and 3 rounds (else 100,000 and 1).")
  private boolean full;

  @Option(names = "--routes", paramLabel = "N", description = "Routes of the scene bulk.")
  private int routes;

  @Option(names = "--rounds", paramLabel = "N", description = "The table has the medians.")
  private int rounds;

  @Option(
      names = "--scene",
      paramLabel = "SCENE",
      description = "${COMPLETION-CANDIDATES}; may be repeated (default: all).")
  private List<Scene> scenes = List.of(Scene.values());

  @Option(names = "--only", paramLabel = "WHO", description = "${COMPLETION-CANDIDATES}.")
  private List<Contestant> only = List.of(Contestant.values());

  @Option(
      names = "--quiet-wait",
      paramLabel = "SECONDS",
      defaultValue = "20",
      description = "Longest wait for a quiet machine before a run (default: ${DEFAULT-VALUE}).")
  private int quietWait = 20;

  @Option(names = "--json", description = "Every run, for programs; progress goes to stderr.")
  private boolean json;

  Bench() {}

  /** The exit code is 0 when all runs finished. */
  public static void main(String[] arguments) {
    int code =
        new CommandLine(new Bench())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
            .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
            .execute(arguments);
    System.exit(code);
  }

  @Override
  public Integer call() throws InterruptedException {
    var out = spec.commandLine().getOut();
    var err = spec.commandLine().getErr();
    var contestants = new ArrayList<Contestant>();
    for (var contestant : only) {
      if (contestant.isInstalled()) {
        contestants.add(contestant);
      } else {
        err.println(contestant + " is not installed (Debian: apt install frr): left out");
      }
    }
    int size = routes > 0 ? routes : full ? FULL : QUICK;
    int times = rounds > 0 ? rounds : full ? 3 : 1;
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", ".")).toAbsolutePath();
    var contest = new Contest(home, size, Duration.ofSeconds(quietWait), err::println);
    var standings = contest.run(contestants, scenes, times);
    if (json) {
      out.println(document(standings, size).toPrettyString());
    } else {
      out.printf("%nbulk: %,d routes; medians of %d%n%n", size, times);
      out.print(standings.table());
      out.flush();
    }
    int due = 2 * contestants.size() * scenes.size() * times;
    boolean all =
        standings.runs().size() == due
            && standings.runs().stream().allMatch(run -> run.result().complete());
    return all ? 0 : 1;
  }

  private static ObjectNode document(Standings standings, int routes) {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("bulkRoutes", routes).put("cores", Runtime.getRuntime().availableProcessors());
    var runs = document.putArray("runs");
    standings.runs().forEach(run -> runs.add(document(run)));
    return document;
  }

  private static ObjectNode document(Run run) {
    var node = JsonNodeFactory.instance.objectNode();
    node.put("who", run.of().name()).put("scene", run.scene().name()).put("warm", run.warm());
    node.put("complete", run.result().complete());
    for (var measure : run.scene().measures()) {
      double value = measure.of(run.result(), run.warm());
      if (Double.isFinite(value)) {
        node.put(measure.name(), value);
      } else {
        node.putNull(measure.name());
      }
    }
    node.put("generatorCpu", run.result().generatorCpu());
    node.put("otherCores", run.result().otherCores()).put("disturbed", run.isDisturbed());
    return node;
  }
}
