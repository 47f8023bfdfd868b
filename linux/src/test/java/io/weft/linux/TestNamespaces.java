package io.weft.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

/** Namespaces and sockets of one test, all gone at its end; names carry the process id. */
public final class TestNamespaces {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** Skips the test where it cannot be made to work. */
  public TestNamespaces() {
    assumeTrue(isRoot(), "needs root: makes network namespaces");
  }

  private static boolean isRoot() {
    try {
      return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    } catch (java.io.IOException e) {
      return false;
    }
  }

  /** A new namespace that the end of the test deletes. */
  public String create() {
    var name = "weft-test-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
    NetworkNamespaces.create(name);
    open.push(() -> NetworkNamespaces.deleteIfExists(name));
    return name;
  }

  public Rtnetlink links(String namespace) {
    return closing(Rtnetlink.openIn(namespace));
  }

  public <T extends AutoCloseable> T closing(T resource) {
    open.push(resource);
    return resource;
  }

  /** Ends everything, the newest first. */
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
