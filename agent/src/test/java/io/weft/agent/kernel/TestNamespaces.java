package io.weft.agent.kernel;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Namespaces of one test under a prefix of its own, all gone at its end. */
public final class TestNamespaces {
  private static int number;

  private final String prefix;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** Skips the test where it cannot be made to work. */
  public TestNamespaces() throws Exception {
    boolean root = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    assumeTrue(root, "needs root: makes network namespaces");
    prefix = "agenttest-" + ProcessHandle.current().pid() + "-" + nextNumber() + "-";
  }

  private static synchronized int nextNumber() {
    return ++number;
  }

  /** In front of all names of this test. */
  public String prefix() {
    return prefix;
  }

  /** A new namespace; its name does not begin as tenants' names do. */
  public String create(String name) {
    var whole = "x" + prefix + name;
    NetworkNamespaces.create(whole);
    return whole;
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
    for (var name : NetworkNamespaces.list()) {
      if (name.startsWith(prefix) || name.startsWith("x" + prefix)) {
        NetworkNamespaces.deleteIfExists(name);
      }
    }
  }
}
