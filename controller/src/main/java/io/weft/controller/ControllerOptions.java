package io.weft.controller;

import java.nio.file.Path;

/**
 * How a controller is started.
 *
 * @param name of the replica, for people; the identity in the lease begins with it
 * @param namespace of the lease; it must be there
 * @param socket where the CLI reaches it
 */
public record ControllerOptions(String name, String namespace, Path socket) {}
