package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft drain}. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    description = {
      "Take this node out of the overlay before it is shut down: its routes are withdrawn, and no",
      "endpoint is attached any more. What stands forwards on, so that nothing is lost while other",
      "nodes turn to other ways. It stays so, over restarts, until --undo. Move pods away before."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  kubectl drain a1 --ignore-daemonsets && weft drain && systemctl poweroff",
      "  weft drain --undo"
    })
final class DrainCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(names = "--undo", description = "Announce everything again, and attach again.")
  private boolean undo;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      defaultValue = "3",
      description = {
        "How long other nodes get to program their kernels, before the command ends (default:",
        "${DEFAULT-VALUE})."
      })
  private int wait;

  @Override
  public Integer call() throws IOException {
    var answer = agent.call(AgentCall.request("drain").put("undo", undo));
    if (!undo) {
      try {
        TimeUnit.SECONDS.sleep(Math.clamp(wait, 0, 600));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return 1;
      }
    }
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
    } else {
      print(answer, out);
    }
    return 0;
  }

  private static void print(JsonNode answer, PrintWriter out) {
    if (answer.path("drained").asBoolean()) {
      out.println(
          "drained: %s routes were withdrawn, %s endpoints are still here; 'weft drain --undo' ends it"
              .formatted(answer.path("withdrawn"), answer.path("endpoints")));
    } else {
      out.println("not drained: the node announces what it has, and attaches");
    }
  }
}
