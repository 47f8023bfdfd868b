package io.weft.agent.cni;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The plugin and its configuration where a container runtime finds them. */
public record PluginFiles(Path programs, Path configurations) {
  private static final String PROGRAM = "weft";

  /** The program by this name runs the standard plugin {@code bandwidth} where our ports are. */
  private static final String BANDWIDTH = "weft-bandwidth";

  private static final String CONFIGURATION = "10-weft.conflist";

  /** The version that runtimes of Kubernetes 1.30 all understand. */
  private static final CniVersion VERSION = CniVersion.V1_0_0;

  /**
   * Writes them: the programs first, so that no runtime finds a configuration without them.
   *
   * @param network that all containers get an interface in; empty: that of the pod's namespace
   * @param socket where the agent listens for the plugin
   * @return what was written
   * @throws IOException with the path that cannot be read or written; files are whole or not there
   */
  public List<Path> install(Path program, Optional<String> network, Path socket)
      throws IOException {
    var octets = Files.readAllBytes(program);
    boolean limits = Files.isExecutable(programs.resolve("bandwidth")) && !isScript(octets);
    var written = new ArrayList<Path>();
    written.add(put(programs.resolve(PROGRAM), octets, "rwxr-xr-x"));
    if (limits) {
      written.add(put(programs.resolve(BANDWIDTH), octets, "rwxr-xr-x"));
    }
    var configuration = configuration(network, socket, limits);
    written.add(put(configurations.resolve(CONFIGURATION), configuration, "rw-r--r--"));
    return written;
  }

  /** The stand-in where there was no C compiler does not know by which name it is called. */
  private static boolean isScript(byte[] program) {
    return program.length > 1 && program[0] == '#' && program[1] == '!';
  }

  private byte[] configuration(Optional<String> network, Path socket, boolean limits)
      throws IOException {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("cniVersion", VERSION.text()).put("name", "weft");
    var plugins = document.putArray("plugins");
    var weft = plugins.addObject().put("type", PROGRAM);
    network.ifPresent(name -> weft.put("network", name));
    weft.putObject("capabilities")
        .put("ips", true)
        .put("mac", true)
        .put("portMappings", true) // to refuse them: nobody behind us could make them work
        .put(CniWishes.ANNOTATIONS, true);
    if (limits) {
      plugins.addObject().put("type", BANDWIDTH).putObject("capabilities").put("bandwidth", true);
    }
    if (!socket.equals(Path.of(CniServer.DEFAULT_SOCKET))) {
      plugins.forEach(each -> ((ObjectNode) each).put("agentSocket", socket.toString()));
    }
    return new ObjectMapper()
        .writerWithDefaultPrettyPrinter()
        .writeValueAsString(document)
        .concat("\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Path put(Path file, byte[] content, String permissions) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    var fresh = draft(file);
    try {
      Files.write(fresh, content);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(permissions));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return file;
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /** Where a file is written; no runtime looks at such a name. */
  private static Path draft(Path file) {
    return file.resolveSibling("." + file.getFileName() + ".new");
  }

  /**
   * Removes them, the configuration first, and what a killed {@link #install} has left.
   *
   * @return what was there
   * @throws IOException with the path that cannot be removed
   */
  public List<Path> uninstall() throws IOException {
    var removed = new ArrayList<Path>();
    var files =
        List.of(
            configurations.resolve(CONFIGURATION),
            programs.resolve(BANDWIDTH),
            programs.resolve(PROGRAM));
    for (var file : files) {
      Files.deleteIfExists(draft(file));
      if (Files.deleteIfExists(file)) {
        removed.add(file);
      }
    }
    return removed;
  }
}
