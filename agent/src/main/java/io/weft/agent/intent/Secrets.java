package io.weft.agent.intent;

import io.weft.agent.bgp.Secret;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.resource.EndpointBgpSpec;
import io.weft.kubernetes.resource.PeerSpec;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Secrets out of files that only root can read: {@code passwordFrom} of a peer, and of the BGP
 * between a network and its endpoints. What is wrong with a file is told in words that never hold
 * its contents.
 */
public final class Secrets {
  private final int owner;

  /** Secrets of root's. */
  public Secrets() {
    this(0);
  }

  /** {@code owner}: the user whose the files must be. */
  Secrets(int owner) {
    this.owner = owner;
  }

  /** A file that holds no secret, or not only for its owner. */
  public static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    Unusable(String message) {
      super(message);
    }
  }

  /**
   * What of some that need a secret each has.
   *
   * @param found secret of each whose file is good
   * @param unusable why the file of one is not; such a one must not be spoken to, because it would
   *     be without the protection that was asked for
   */
  public record Found<K>(Map<K, Secret> found, Map<K, String> unusable) {
    public Found {
      found = Collections.unmodifiableMap(new LinkedHashMap<>(found));
      unusable = Collections.unmodifiableMap(new LinkedHashMap<>(unusable));
    }

    /** Nobody needs one. */
    public static <K> Found<K> none() {
      return new Found<>(Map.of(), Map.of());
    }
  }

  /**
   * All that the resources name.
   *
   * @param peers of the fabric
   * @param networks by name, those that speak BGP with their endpoints
   */
  public record Reading(Found<PeerSpec.Remote> peers, Found<String> networks) {
    /** One line for each secret that cannot be used. */
    public List<String> problems() {
      var problems = new ArrayList<String>();
      peers
          .unusable()
          .forEach((peer, why) -> problems.add("peer " + peer + ": no session: " + why));
      networks
          .unusable()
          .forEach(
              (network, why) ->
                  problems.add("network " + network + ": no session with endpoints: " + why));
      return problems;
    }
  }

  /** Reads the secrets of all who have one. */
  public Reading read(Intent intent) {
    var peers = new LinkedHashMap<PeerSpec.Remote, Path>();
    for (var peer : intent.fabric().spec().peers()) {
      peer.passwordFile().ifPresent(file -> peers.put(peer.remote(), file));
    }
    var networks = new LinkedHashMap<String, Path>();
    intent
        .networks()
        .forEach(
            (name, network) ->
                network
                    .network()
                    .spec()
                    .bgp()
                    .flatMap(EndpointBgpSpec::passwordFile)
                    .ifPresent(file -> networks.put(name, file)));
    return new Reading(read(peers), read(networks));
  }

  private <K> Found<K> read(Map<K, Path> files) {
    var found = new LinkedHashMap<K, Secret>();
    var unusable = new LinkedHashMap<K, String>();
    files.forEach(
        (who, file) -> {
          try {
            found.put(who, read(file));
          } catch (Unusable e) {
            unusable.put(who, String.valueOf(e.getMessage()));
          }
        });
    return new Found<>(found, unusable);
  }

  /**
   * Reads one file; a newline at its end is not part of the secret.
   *
   * @throws Unusable in words, when it is not a file of mode 0600 or 0400 of its owner's, or does
   *     not hold 1 to 80 octets
   */
  public Secret read(Path file) throws Unusable {
    try {
      requirePrivate(file);
      return Secret.of(withoutNewline(octets(file)));
    } catch (NoSuchFileException _) {
      throw new Unusable("the secret's file " + file + " does not exist; make it, with mode 0600");
    } catch (IOException e) {
      throw new Unusable("the secret's file " + file + " cannot be read: " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new Unusable("the secret's file " + file + ": " + e.getMessage());
    }
  }

  private void requirePrivate(Path file) throws IOException, Unusable {
    var attributes = Files.readAttributes(file, "unix:uid,permissions,isRegularFile");
    if (!Boolean.TRUE.equals(attributes.get("isRegularFile"))) {
      throw new Unusable("the secret's file " + file + " is not a regular file");
    }
    if (!(attributes.get("uid") instanceof Integer uid) || uid != owner) {
      throw new Unusable(
          "the secret's file "
              + file
              + " belongs to user "
              + attributes.get("uid")
              + ", who could read or change it; run: chown "
              + owner
              + " "
              + file);
    }
    var permissions = Files.getPosixFilePermissions(file);
    var allowed = Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    if (!allowed.containsAll(permissions)) {
      throw new Unusable(
          "the secret's file "
              + file
              + " has mode "
              + PosixFilePermissions.toString(permissions)
              + ", so that not only its owner can use it; run: chmod 0600 "
              + file);
    }
  }

  /** At most so much that a too long secret is seen to be one. */
  private static byte[] octets(Path file) throws IOException {
    try (var in = Channels.newInputStream(Files.newByteChannel(file, StandardOpenOption.READ))) {
      return in.readNBytes(Secret.MAX_OCTETS + 3);
    }
  }

  private static byte[] withoutNewline(byte[] octets) {
    int length = octets.length;
    if (length > 0 && octets[length - 1] == '\n') {
      length--;
      if (length > 0 && octets[length - 1] == '\r') {
        length--;
      }
    }
    return Arrays.copyOf(octets, length);
  }
}
