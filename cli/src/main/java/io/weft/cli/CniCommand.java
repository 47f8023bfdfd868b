package io.weft.cli;

import io.weft.agent.cni.CniServer;
import io.weft.agent.cni.PluginCall;
import io.weft.agent.cni.PluginMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code weft cni}: the plugin that container runtimes call. */
@Command(
    name = "cni",
    mixinStandardHelpOptions = true,
    description = "Give containers their interfaces: the CNI plugin.",
    subcommands = {CniCommand.Install.class, CniCommand.Uninstall.class, CniCommand.Run.class},
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft cni install --network web    containers of this host get interfaces in 'web'",
      "  weft cni uninstall                take plugin and configuration away"
    })
final class CniCommand implements Callable<Integer> {
  @Spec private final CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "say what: install, uninstall");
  }

  /** {@code weft cni install}. */
  @Command(
      name = "install",
      mixinStandardHelpOptions = true,
      description = {
        "Put the plugin and its configuration where the container runtime finds them.",
        "Each file is there as a whole or not at all; what was there is replaced.",
        "Beside another CNI plugin, the configuration is that one's with Weft as the last plugin;",
        "the agent (weft node) keeps it so when the other's changes, comes or goes."
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  weft cni install",
        "  weft cni install --network web",
        "  weft cni install --mode beside    Cilium, Calico, flannel, kindnet make eth0"
      })
  static final class Install implements Callable<Integer> {
    @picocli.CommandLine.Mixin private final CniPlaces places = new CniPlaces();

    @Spec private final CommandSpec spec = CommandSpec.create();

    @Option(
        names = "--network",
        paramLabel = "NAME",
        description =
            "The Network that all containers get an interface in (default: that of the pod's"
                + " namespace).")
    private Optional<String> network = Optional.empty();

    @Option(
        names = "--mode",
        paramLabel = "MODE",
        defaultValue = "automatic",
        converter = ModeConverter.class,
        description = {
          "Who makes eth0: 'primary': Weft; 'beside': another CNI plugin, and Weft goes behind it;",
          "'automatic': beside as soon as another's configuration is there, until then primary",
          "(default: ${DEFAULT-VALUE})."
        })
    private PluginMode mode = PluginMode.AUTOMATIC;

    @Option(
        names = "--agent-socket",
        paramLabel = "PATH",
        defaultValue = CniServer.DEFAULT_SOCKET,
        description = "Where the agent listens for the plugin (default: ${DEFAULT-VALUE}).")
    private Path socket = Path.of(CniServer.DEFAULT_SOCKET);

    @Override
    public Integer call() throws IOException {
      if (!network.orElse("any").matches("[a-z0-9]([a-z0-9.-]*[a-z0-9])?")) {
        throw new ParameterException(
            spec.commandLine(), "--network '" + network.get() + "' is no name of a Network");
      }
      var program =
          Optional.ofNullable(System.getenv("WEFT_HOME"))
              .map(home -> Path.of(home, "dist", "cni", "weft"))
              .orElseThrow(() -> new IOException("WEFT_HOME is not set; start ./weft"));
      var installed = places.files().install(program, mode, network, socket);
      var out = spec.commandLine().getOut();
      for (var file : installed.changed()) {
        out.println((Files.exists(file) ? "wrote " : "removed ") + file);
      }
      installed
          .problem()
          .ifPresentOrElse(
              problem -> spec.commandLine().getErr().println("problem: " + problem),
              () -> out.println(installed.words()));
      return 0; // what is wrong with another's file may be mended; the agent goes on looking
    }
  }

  /** Modes by their words. */
  private static final class ModeConverter implements ITypeConverter<PluginMode> {
    @Override
    public PluginMode convert(String text) {
      return PluginMode.parse(text)
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "'" + text + "' is none of primary, beside, automatic"));
    }
  }

  /** {@code weft cni uninstall}. */
  @Command(
      name = "uninstall",
      mixinStandardHelpOptions = true,
      description = {
        "Take the plugin and its configuration away; fine if they are gone already.",
        "Containers that run keep their interfaces; remove them before, or their runtime cannot."
      },
      footerHeading = "%nExample:%n",
      footer = "  weft cni uninstall")
  static final class Uninstall implements Callable<Integer> {
    @picocli.CommandLine.Mixin private final CniPlaces places = new CniPlaces();

    @Spec private final CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      for (var file : places.files().uninstall()) {
        spec.commandLine().getOut().println("removed " + file);
      }
      return 0;
    }
  }

  /** {@code weft cni run}: what the plugin program does, where it could not be compiled. */
  @Command(
      name = "run",
      hidden = true,
      mixinStandardHelpOptions = true,
      description = "Answer one call of a container runtime, as the plugin program does.",
      footerHeading = "%nExample:%n",
      footer = "  CNI_COMMAND=VERSION weft cni run < configuration")
  static final class Run implements Callable<Integer> {
    @Spec private final CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      var answer = PluginCall.of(System.getenv(), System.in.readAllBytes());
      spec.commandLine().getOut().print(answer.output());
      spec.commandLine().getOut().flush();
      return answer.exitCode();
    }
  }
}
