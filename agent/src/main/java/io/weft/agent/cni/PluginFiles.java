package io.weft.agent.cni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The plugin and its configuration where a container runtime finds them. */
public record PluginFiles(Path programs, Path configurations) {
  /** Those who write: {@code weft cni install}, and {@link ConfigurationWatch}. */
  private static final List<String> WRITERS = List.of("new", "agent");

  /**
   * What was installed.
   *
   * @param changed files that were written or removed
   * @param words what the runtime does now
   * @param problem what keeps Weft from pods; empty: nothing
   */
  public record Installed(List<Path> changed, String words, Optional<String> problem) {}

  /**
   * Writes them: the programs first, so that no runtime finds a configuration without them.
   *
   * @param mode whose eth0 is
   * @param network that all containers get an interface in; empty: that of the pod's namespace
   * @param socket where the agent listens for the plugin
   * @throws IOException with the path that cannot be read or written; files are whole or not there
   */
  public Installed install(Path program, PluginMode mode, Optional<String> network, Path socket)
      throws IOException {
    var octets = Files.readAllBytes(program);
    boolean limits = Files.isExecutable(programs.resolve("bandwidth")) && !isScript(octets);
    boolean ports = Files.isExecutable(programs.resolve(PluginWish.PORTMAP));
    var changed = new ArrayList<Path>();
    changed.add(program(PluginWish.PROGRAM, octets));
    if (limits) {
      changed.add(program(PluginWish.BANDWIDTH, octets));
    }
    var configuration = configuration();
    Files.deleteIfExists(configurations.resolve(PluginConfiguration.TAKEN_BY_CILIUM));
    changed.add(configuration.ask(new PluginWish(mode, network, socket, limits, ports)));
    var settled = configuration.settle();
    changed.addAll(settled.changed());
    return new Installed(changed, settled.words(), settled.problem());
  }

  private PluginConfiguration configuration() {
    return new PluginConfiguration(configurations, WRITERS.getFirst());
  }

  /** The stand-in where there was no C compiler does not know by which name it is called. */
  private static boolean isScript(byte[] program) {
    return program.length > 1 && program[0] == '#' && program[1] == '!';
  }

  private Path program(String name, byte[] octets) throws IOException {
    return WholeFile.put(programs.resolve(name), octets, "rwxr-xr-x", WRITERS.getFirst());
  }

  /**
   * Removes them, the configuration first, and what a killed {@link #install} has left. The
   * configurations of others are as they were: Weft writes into none.
   *
   * @return what was there
   * @throws IOException with the path that cannot be removed
   */
  public List<Path> uninstall() throws IOException {
    var files = new ArrayList<>(configuration().files());
    files.add(programs.resolve(PluginWish.BANDWIDTH));
    files.add(programs.resolve(PluginWish.PROGRAM));
    var removed = new ArrayList<Path>();
    for (var file : files) {
      removed.addAll(WholeFile.remove(file, WRITERS));
    }
    return removed;
  }
}
