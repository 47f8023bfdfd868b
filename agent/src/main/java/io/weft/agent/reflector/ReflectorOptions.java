package io.weft.agent.reflector;

import java.nio.file.Path;

/**
 * How a reflector daemon is started.
 *
 * @param name of the reflector, for people
 * @param config directory of YAML resources
 * @param socket where the CLI reaches it
 */
public record ReflectorOptions(String name, Path config, Path socket) {}
