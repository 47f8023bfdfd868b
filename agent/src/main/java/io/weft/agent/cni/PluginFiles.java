package io.weft.agent.cni;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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
  private static final String CONFIGURATION = "10-weft.conflist";

  /** The version that runtimes of Kubernetes 1.30 all understand. */
  private static final CniVersion VERSION = CniVersion.V1_0_0;

  /**
   * Writes both: the program first, so that no runtime finds a configuration without it.
   *
   * @param network that all containers get an interface in; empty: that of the pod's namespace
   * @param socket where the agent listens for the plugin
   * @return what was written
   * @throws IOException with the path that cannot be read or written; files are whole or not there
   */
  public List<Path> install(Path program, Optional<String> network, Path socket)
      throws IOException {
    var there = programs.resolve(PROGRAM);
    put(there, Files.readAllBytes(program), "rwxr-xr-x");
    var configuration = configurations.resolve(CONFIGURATION);
    put(configuration, configuration(network, socket), "rw-r--r--");
    return List.of(there, configuration);
  }

  private byte[] configuration(Optional<String> network, Path socket) throws IOException {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("cniVersion", VERSION.text()).put("name", "weft");
    var plugins = document.putArray("plugins");
    var weft = plugins.addObject().put("type", PROGRAM);
    network.ifPresent(name -> weft.put("network", name));
    if (!socket.equals(Path.of(CniServer.DEFAULT_SOCKET))) {
      weft.put("agentSocket", socket.toString());
    }
    weft.putObject("capabilities").put("ips", true).put("mac", true);
    if (Files.isExecutable(programs.resolve("portmap"))) {
      plugins
          .addObject()
          .put("type", "portmap")
          .putObject("capabilities")
          .put("portMappings", true);
    }
    if (Files.isExecutable(programs.resolve("bandwidth"))) {
      plugins.addObject().put("type", "bandwidth").putObject("capabilities").put("bandwidth", true);
    }
    return new ObjectMapper()
        .writerWithDefaultPrettyPrinter()
        .writeValueAsString(document)
        .concat("\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static void put(Path file, byte[] content, String permissions) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    var fresh = file.resolveSibling("." + file.getFileName() + ".new");
    try {
      Files.write(fresh, content);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(permissions));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Removes both, the configuration first.
   *
   * @return what was there
   * @throws IOException with the path that cannot be removed
   */
  public List<Path> uninstall() throws IOException {
    var removed = new ArrayList<Path>();
    for (var file : List.of(configurations.resolve(CONFIGURATION), programs.resolve(PROGRAM))) {
      if (Files.deleteIfExists(file)) {
        removed.add(file);
      }
    }
    return removed;
  }
}
