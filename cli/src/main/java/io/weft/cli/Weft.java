package io.weft.cli;

import io.weft.agent.AgentVersion;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;

/** The {@code weft} command. */
@Command(
    name = "weft",
    mixinStandardHelpOptions = true,
    version = "weft " + AgentVersion.TEXT,
    description = "VXLAN-EVPN overlay networking for bare-metal Kubernetes.",
    subcommands = {
      NodeCommand.class,
      ReflectorCommand.class,
      ControllerCommand.class,
      StatusCommand.class,
      EndpointsCommand.class,
      NetworksCommand.class,
      AddressesCommand.class,
      MulticastCommand.class,
      TenantsCommand.class,
      RoutesCommand.class,
      PeersCommand.class,
      WhyNotCommand.class,
      AttachCommand.class,
      DetachCommand.class,
      DrainCommand.class,
      CniCommand.class,
      UninstallCommand.class,
      LabCommand.class,
      ReplayCommand.class,
      SimulateCommand.class,
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:it failed, or a check did not hold",
      "2:the command line or a file is wrong",
      "3:no agent answers on the socket"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft lab run examples/two-racks.yaml    two racks on this machine, checked",
      "  weft node --config /etc/weft            run the agent of this host",
      "  weft status                             what the agent holds",
      "  weft routes --type 2 --json             MAC/IP routes, for programs"
    })
public final class Weft {
  /** It failed, or a check did not hold. */
  static final int FAILED = 1;

  /** The command line or a file is wrong. */
  static final int USAGE = 2;

  /** No agent answers on the socket. */
  static final int NO_AGENT = 3;

  Weft() {}

  /** Runs one command; the exit code is the process's. */
  public static void main(String[] arguments) {
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tF %1$tT.%1$tL %4$s %5$s%6$s%n");
    var out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = commandLine(out, err).execute(arguments);
    out.flush();
    System.exit(code);
  }

  /** The command with all its parts; what it prints is plain text, without colours. */
  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(new Weft())
        .setOut(out)
        .setErr(err)
        .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(new FailureReport());
  }
}
