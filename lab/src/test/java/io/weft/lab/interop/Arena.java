package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * One network namespace in which every speaker has an address of its own on the loopback: sessions
 * need no links, and all of them use port 179.
 */
final class Arena implements Closeable {
  /** Where the addresses of speakers are from. */
  static final IpPrefix SPEAKERS = new IpPrefix(IpAddress.parse("10.99.0.0"), 16);

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final String namespace;
  private final Path directory;
  private final Deque<Closeable> open = new ArrayDeque<>();

  private Arena(String namespace, Path directory) {
    this.namespace = namespace;
    this.directory = directory;
  }

  /**
   * Makes the namespace, under a name that no other process has; skips the test where that or the
   * other speakers are not to be had.
   */
  static Arena make(String name, Path directory) throws IOException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(Files.exists(FrrDaemons.BGPD), "needs FRR (package frr)");
    assumeTrue(Files.exists(GoBgpReflector.GOBGPD), "needs GoBGP (package gobgpd)");
    var namespace = name + "-" + ProcessHandle.current().pid();
    NetworkNamespaces.create(namespace);
    try (var rtnetlink = Rtnetlink.openIn(namespace)) {
      rtnetlink.setLink(rtnetlink.requireLink("lo").index(), LinkSettings.UP);
    }
    return new Arena(namespace, directory);
  }

  String namespace() {
    return namespace;
  }

  /** A new empty directory for a speaker. */
  Path directory(String name) throws IOException {
    return Files.createDirectories(directory.resolve(name));
  }

  /** An address that from now on is the namespace's. */
  Ipv4Address address(String text) {
    try (var rtnetlink = Rtnetlink.openIn(namespace)) {
      var address = IpAddress.parse(text);
      rtnetlink.execute(
          new Request.AddAddress(Address.of(rtnetlink.requireLink("lo").index(), address, 32)));
      return (Ipv4Address) address;
    }
  }

  /** Closes it with the arena, in reverse order. */
  <T extends Closeable> T with(T closeable) {
    open.push(closeable);
    return closeable;
  }

  /** Waits until the question is answered so; fails with the last answer. */
  static <T> void await(String what, Callable<T> question, T expected) throws Exception {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    T answer = question.call();
    while (!expected.equals(answer) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(100);
      answer = question.call();
    }
    assertThat(answer).as(what).isEqualTo(expected);
  }

  @Override
  public void close() throws IOException {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    NetworkNamespaces.deleteIfExists(namespace);
  }
}
