package io.weft.kubernetes.api;

import io.weft.kubernetes.yaml.Place;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A program that makes credentials ({@code users[].user.exec} of a kubeconfig; Kubernetes
 * documentation, "client-go credential plugins").
 *
 * @param place of it in the kubeconfig
 * @param apiVersion that it speaks, {@code client.authentication.k8s.io/v1} or {@code v1beta1}
 * @param command a path, or a name that is looked for in PATH
 * @param environment variables besides those of this process
 * @param interaction whether it may ask the person at the terminal
 * @param installHint what a person does who does not have it
 * @param cluster {@code spec.cluster} of what it is told, as JSON; empty: it is not told
 */
public record ExecProgram(
    Place place,
    String apiVersion,
    String command,
    List<String> arguments,
    SortedMap<String, String> environment,
    Interaction interaction,
    Optional<String> installHint,
    Optional<String> cluster) {
  /** {@code interactiveMode}. */
  public enum Interaction {
    NEVER,
    IF_AVAILABLE,
    ALWAYS
  }

  public ExecProgram {
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableSortedMap(new TreeMap<>(environment));
  }

  /** Arguments and variables may be secrets. */
  @Override
  public String toString() {
    return place + ": " + command;
  }
}
