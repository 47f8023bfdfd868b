package io.weft.agent.bgp;

import io.weft.net.Octets;
import java.nio.charset.StandardCharsets;

/**
 * A secret of 1 to 80 octets, as TCP-MD5 takes it (linux/tcp.h TCP_MD5SIG_MAXKEYLEN). Its text
 * hides it, so that no log and no view can show it.
 */
public final class Secret {
  /** What the kernel takes at most; a longer one is refused. */
  public static final int MAX_OCTETS = 80;

  private final Octets octets;

  private Secret(Octets octets) {
    if (octets.length() < 1 || octets.length() > MAX_OCTETS) {
      throw new IllegalArgumentException(
          "a secret has 1 to " + MAX_OCTETS + " octets, not " + octets.length());
    }
    this.octets = octets;
  }

  /**
   * The octets of a text in UTF-8.
   *
   * @throws IllegalArgumentException when they are not 1 to 80; the message does not tell them
   */
  public static Secret of(String text) {
    return new Secret(Octets.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** As they are. */
  public static Secret of(byte[] octets) {
    return new Secret(Octets.of(octets));
  }

  /** For the kernel, and nobody else. */
  public byte[] reveal() {
    return octets.toArray();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && secret.octets.equals(octets);
  }

  /** The same for all: a hash would tell something of the secret. */
  @Override
  public int hashCode() {
    return Secret.class.hashCode();
  }

  @Override
  public String toString() {
    return "(secret)";
  }
}
