package io.weft.cli;

import io.weft.lab.run.LabCommands;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft lab}. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    description = "A fabric on this machine: racks as network namespaces, real agents in them.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft lab run examples/two-racks.yaml          build it, check it, remove it",
      "  weft lab run examples/two-racks.yaml --json   the same, for programs",
      "  weft lab run --kubernetes examples/cluster.yaml   a cluster: API server, controllers,"
          + " pods",
      "  weft lab up examples/two-racks.yaml           build it and leave it standing",
      "  weft lab status                               its namespaces, processes and sockets",
      "  weft lab down two-racks                       remove it"
    })
final class LabCommand {
  @Spec private final CommandSpec spec = CommandSpec.create();

  private static LabCommands lab() {
    var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    var console = Optional.ofNullable(System.console());
    boolean colour =
        console.filter(Console::isTerminal).isPresent() && System.getenv("NO_COLOR") == null;
    return new LabCommands(out, System.err, colour);
  }

  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description = "Build a lab, check everything in it, and remove it. Needs root.",
      footerHeading = "%nExamples:%n",
      footer = {
        "  weft lab run examples/two-racks.yaml",
        "  weft lab run --untimed examples/two-racks.yaml     on a slow machine",
        "  weft lab run --kubernetes examples/cluster.yaml",
        "  weft lab run --kubernetes examples/cluster.yaml --kubeconfig ~/.kube/config"
      })
  int run(
      @Parameters(paramLabel = "FILE", description = "The topology file.") Path file,
      @Option(
              names = "--kubernetes",
              description =
                  "The file holds objects of Kubernetes: namespaces, pods, networks. The lab gets"
                      + " an API server and controllers, and does what kubelets do.")
          boolean kubernetes,
      @Option(
              names = "--kubeconfig",
              paramLabel = "CONFIG",
              description =
                  "With --kubernetes: make the objects in the cluster of its current context, where"
                      + " Weft is installed, and delete them again. Needs no root.")
          Optional<Path> kubeconfig,
      @Option(
              names = "--json",
              description = "One JSON document on standard output; progress on standard error.")
          boolean json,
      @Option(names = "--keep", description = "Leave the lab standing afterwards.") boolean keep,
      @Option(
              names = "--untimed",
              description = "Without attach-latency, the check that asks for a quick machine.")
          boolean untimed) {
    if (kubernetes && keep) {
      throw wrong("--keep: the API server of a cluster ends with this command");
    }
    if (kubernetes && untimed) {
      throw wrong("--untimed: with --kubernetes nothing is timed");
    }
    if (kubeconfig.isPresent() && !kubernetes) {
      throw wrong("--kubeconfig goes with --kubernetes");
    }
    if (kubeconfig.isPresent()) {
      return lab().runInCluster(file, kubeconfig.get(), json);
    }
    return kubernetes ? lab().runCluster(file, json) : lab().run(file, json, keep, !untimed);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine().getSubcommands().get("run"), message);
  }

  @Command(
      name = "up",
      mixinStandardHelpOptions = true,
      description = "Build a lab and leave it standing. Needs root.",
      footerHeading = "%nExample:%n",
      footer = "  weft lab up examples/two-racks.yaml")
  int up(@Parameters(paramLabel = "FILE", description = "The topology file.") Path file) {
    return lab().up(file);
  }

  @Command(
      name = "down",
      mixinStandardHelpOptions = true,
      description = "Remove a lab: processes, namespaces and files. Needs root.",
      footerHeading = "%nExample:%n",
      footer = "  weft lab down two-racks")
  int down(
      @Parameters(paramLabel = "LAB", description = "Its name, or its topology file.") String lab) {
    return lab().down(lab);
  }

  @Command(
      name = "status",
      mixinStandardHelpOptions = true,
      description = "Show the labs that stand: namespaces, addresses, processes, sockets.",
      footerHeading = "%nExample:%n",
      footer = "  weft lab status --json")
  int status(@Option(names = "--json", description = "Print one JSON document.") boolean json) {
    return lab().status(json);
  }
}
