package io.weft.lab.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** One run of the CNI plugin program, as a container runtime starts it. */
public record PluginRun(int exitCode, String output) {
  /** Part of a build, beside the {@code weft} command. */
  private static final Path PROGRAM = Path.of("dist", "cni", "weft");

  /**
   * The program.
   *
   * @throws LabFailure when it is not built
   */
  public static Path program() throws LabFailure {
    var program = WeftProcess.command().resolveSibling(PROGRAM);
    if (!Files.isExecutable(program)) {
      throw new LabFailure("there is no " + program + "; build it: make");
    }
    return program;
  }

  /**
   * Runs it to its end.
   *
   * @param variables that begin with {@code CNI_}
   * @param configuration for its standard input
   */
  public static PluginRun of(Path program, Map<String, String> variables, String configuration)
      throws IOException, InterruptedException {
    var builder = new ProcessBuilder(program.toString());
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(variables);
    var process = builder.start();
    try (var in = process.getOutputStream()) {
      in.write(configuration.getBytes(StandardCharsets.UTF_8));
    }
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new PluginRun(process.waitFor(), output);
  }
}
