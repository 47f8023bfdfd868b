package io.weft.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft detach}. */
@Command(
    name = "detach",
    mixinStandardHelpOptions = true,
    description = {
      "Take an endpoint's interface away, or give its link back to the node; fine if it is gone",
      "already."
    },
    footerHeading = "%nExample:%n",
    footer = "  weft detach web-1")
final class DetachCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "ENDPOINT", description = "The name it was attached under.")
  private String endpoint = "";

  @Override
  public Integer call() throws IOException {
    var answer = agent.call(AgentCall.request("detach").put("endpoint", endpoint));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
    } else {
      out.println(
          endpoint + (answer.path("wasAttached").asBoolean() ? " detached" : " was not attached"));
    }
    return 0;
  }
}
