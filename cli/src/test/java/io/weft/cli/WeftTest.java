package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command line as such: help, mistakes, exit codes. */
class WeftTest {
  @TempDir private Path directory;

  private static List<CommandLine> allCommands() {
    var commands = new ArrayList<CommandLine>();
    collect(Weft.commandLine(new PrintWriter(System.out), new PrintWriter(System.err)), commands);
    return commands;
  }

  private static void collect(CommandLine command, List<CommandLine> into) {
    into.add(command);
    command.getSubcommands().values().forEach(sub -> collect(sub, into));
  }

  @Test
  void everyCommandHasHelpWithAnExampleAndWithoutColours() {
    assertThat(allCommands()).hasSizeGreaterThan(8);
    for (var command : allCommands()) {
      var name = command.getCommandSpec().qualifiedName();
      var words = new ArrayList<>(List.of(name.split(" ")));
      words.removeFirst();
      words.add("--help");
      var run = Run.weft(words.toArray(String[]::new));
      assertThat(run.code()).as(name).isZero();
      assertThat(run.err()).as(name).isEmpty();
      assertThat(run.out())
          .as(name)
          .contains("Usage: " + name)
          .contains("Example")
          .doesNotContain("\u001b");
      assertThat(run.out().lines()).as(name).allMatch(line -> line.length() <= 100);
    }
  }

  @Test
  void theHelpNamesTheExitCodes() {
    assertThat(Run.weft("--help").out()).contains("Exit codes:").contains("3   no agent answers");
    assertThat(Run.weft("--version").out()).startsWith("weft ");
  }

  @Test
  void aWrongCommandLineIsCode2() {
    for (var wrong :
        List.of(
            new String[] {},
            new String[] {"fly"},
            new String[] {"status", "--colour"},
            new String[] {"attach", "web-1"},
            new String[] {"routes", "--type=two"},
            new String[] {"node", "--log-level=loud"},
            new String[] {"reflector", "--asn=65000"},
            new String[] {"reflector", "--listen=127.0.0.1:x", "--asn=1", "--clients=127.0.0.0/8"},
            new String[] {"reflector", "--listen=127.0.0.1:0", "--asn=1", "--clients=127.0.0.0/8"},
            new String[] {"reflector", "--listen=127.0.0.1", "--asn=0", "--clients=127.0.0.0/8"},
            new String[] {"reflector", "--listen=127.0.0.1", "--asn=1", "--clients=127.0.0.1/8"},
            new String[] {"reflector", "--listen=[::1]:1790", "--asn=1", "--clients=::1/128"},
            new String[] {"node", "--netns-prefix=a"})) {
      var run = Run.weft(wrong);
      assertThat(run.code()).as("%s: %s", List.of(wrong), run.err()).isEqualTo(Weft.USAGE);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).isNotBlank().doesNotContain("\tat ");
    }
  }

  @Test
  void noAgentIsCode3AndSaysWhere() {
    var nowhere = directory.resolve("nobody.sock");
    for (var command :
        List.of(
            List.of("status"),
            List.of("networks"),
            List.of("routes"),
            List.of("peers"),
            List.of("detach", "web-1"))) {
      var arguments = new ArrayList<>(command);
      arguments.add("--socket=" + nowhere);
      var run = Run.weft(arguments.toArray(String[]::new));
      assertThat(run.code()).isEqualTo(Weft.NO_AGENT);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).startsWith("weft: no agent answers on " + nowhere).hasLineCount(1);
    }
  }

  @Test
  void aReflectorRefusesABrokenFabricWithItsFileAndLine() throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec:\n  asn: none\n");
    var run = Run.weft("reflector", "--config=" + directory, "--socket=" + directory.resolve("rr"));
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.err())
        .startsWith("weft: fabric.yaml:4:8: Fabric default: asn ")
        .endsWith(
            "does not start without the Fabric that is declared; mend the file and start again\n");
  }

  @Test
  void aDaemonThatCannotStartIsCode1() {
    var run = Run.weft("reflector", "--config=" + directory.resolve("nowhere"));
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.err()).startsWith("weft: ").contains("nowhere").hasLineCount(1);
  }

  @Test
  void aReflectorHasFilesOrSettingsButNotBoth() {
    var run =
        Run.weft(
            "reflector",
            "--config=" + directory,
            "--listen=127.0.0.1:1790",
            "--asn=65000",
            "--clients=127.0.0.0/8",
            "--clients=10.0.0.0/8");
    assertThat(run.code()).isEqualTo(Weft.USAGE);
    assertThat(run.err()).startsWith("--config and --listen exclude each other");
  }
}
