package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.record.Replay;
import io.weft.agent.record.ReplayJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft replay}. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Play what weft node --record wrote to the same brain, and show the node as it was behind an"
          + " event. It needs no root, and touches neither kernel nor network."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:played", "1:the recording cannot be read", "2:the command line is wrong"},
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft replay /var/lib/weft/recording            how the node was in the end",
      "  weft replay recording --at 120                 behind its 120th step",
      "  weft replay recording --at 120 --json          the same for programs"
    })
final class ReplayCommand implements Callable<Integer> {
  private static final int LONGEST_EVENT = 200;

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "DIR", description = "Where the recording is.")
  private Path directory = Path.of("");

  @Option(
      names = "--at",
      paramLabel = "N",
      description = "Play so many steps of what is kept, 1 or more. Default: all.")
  private long at = Long.MAX_VALUE;

  @Option(names = "--json", description = "One JSON document on standard output.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (at < 1) {
      throw new ParameterException(spec.commandLine(), "--at must be 1 or more, not " + at);
    }
    var document = ReplayJson.document(Replay.play(directory, at));
    if (at != Long.MAX_VALUE && document.path("step").asLong() < at) {
      throw new ParameterException(
          spec.commandLine(),
          "--at: %d steps are kept, so there is no step %d"
              .formatted(document.path("step").asLong(), at));
    }
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(AgentCall.text(document));
    } else {
      print(document, out);
    }
    return 0;
  }

  private static void print(JsonNode document, PrintWriter out) {
    if (document.has("step")) {
      out.printf("step %s, %s%n", document.path("step"), document.path("time").asText());
      document.path("events").forEach(event -> out.println("  " + text(event)));
      out.printf("  %d effects followed%n", document.path("effects").size());
      document.path("effects").forEach(effect -> out.println("    " + text(effect)));
      out.println();
    }
    var status = document.path("status");
    var table = new Table("WHAT", "VALUE");
    table.row("node", status.path("name").asText());
    table.row("VTEP", status.path("vtep").asText("not known"));
    table.row("converged", status.path("converged").asBoolean() ? "yes" : "no");
    table.row("endpoints", String.valueOf(status.path("endpoints").size()));
    table.row("objects in the kernel", status.at("/kernel/objects").asText());
    table.row("changes that wait", status.at("/kernel/pending").asText());
    table.row("peers, established", status.at("/peers/established").asText("0"));
    out.print(table);
    status.path("problems").forEach(problem -> out.println("DEVIATES  " + problem.asText()));
    for (var refused : status.at("/kernel/failures")) {
      out.println(
          "REFUSED  " + refused.path("object").asText() + ": " + refused.path("reason").asText());
    }
  }

  private static String text(JsonNode event) {
    var text = event.asText();
    return text.length() <= LONGEST_EVENT ? text : text.substring(0, LONGEST_EVENT) + "...";
  }
}
