package io.weft.kubernetes.api;

/**
 * The versions of an object. They are compared as the decimal numbers that they are (Kubernetes
 * documentation, "Resource versions"); client-go's mutation cache does so too.
 */
public final class ResourceVersions {
  private ResourceVersions() {}

  /** Negative when {@code one} is earlier than {@code other}; zero when they are the same. */
  public static int compare(String one, String other) {
    int byLength = Integer.compare(one.length(), other.length());
    return byLength != 0 ? byLength : one.compareTo(other);
  }
}
