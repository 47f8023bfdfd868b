package io.weft.linux.netns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.TestNamespaces;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel. */
class NetworkNamespacesTest {
  private TestNamespaces namespaces;

  @BeforeEach
  void open() {
    namespaces = new TestNamespaces();
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static String run(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var text = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(text).isZero();
    return text;
  }

  private static void needsIproute2() {
    assumeTrue(
        Stream.of("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip")
            .anyMatch(p -> Files.exists(Path.of(p))),
        "needs iproute2");
  }

  @Test
  void createsListsAndDeletes() {
    var name = namespaces.create();
    assertThat(NetworkNamespaces.exists(name)).isTrue();
    assertThat(NetworkNamespaces.list()).contains(name);
    NetworkNamespaces.delete(name);
    assertThat(NetworkNamespaces.exists(name)).isFalse();
    assertThat(NetworkNamespaces.list()).doesNotContain(name);
    assertThat(NetworkNamespaces.deleteIfExists(name)).isFalse();
  }

  @Test
  void saysThatANameIsTakenOrMissing() {
    var name = namespaces.create();
    assertThatThrownBy(() -> NetworkNamespaces.create(name))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
        .hasMessageContaining(name);
    assertThatThrownBy(() -> Rtnetlink.openIn(name + "-not"))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
        .hasMessageContaining(name + "-not");
  }

  @Test
  void iproute2SeesOursAndWeSeeIts() throws Exception {
    needsIproute2();
    var ours = namespaces.create();
    assertThat(run("ip", "netns", "list")).contains(ours);
    assertThat(run("ip", "netns", "exec", ours, "ip", "-o", "link")).contains("lo:");
    var its = ours + "-ip";
    run("ip", "netns", "add", its);
    namespaces.closing(() -> NetworkNamespaces.deleteIfExists(its));
    assertThat(NetworkNamespaces.exists(its)).isTrue();
    try (var links = Rtnetlink.openIn(its)) {
      assertThat(links.links()).hasSize(1);
    }
    run("ip", "netns", "delete", ours);
    assertThat(NetworkNamespaces.exists(ours)).isFalse();
  }

  @Test
  void aProcessStartedInsideSeesItsLinks() throws Exception {
    var name = namespaces.create();
    namespaces.links(name).createBridge("only-here", LinkSettings.NONE);
    var text = NetworkNamespaces.<String, Exception>callIn(name, () -> run("cat", "/proc/net/dev"));
    assertThat(text).contains("only-here");
    assertThat(run("cat", "/proc/net/dev")).doesNotContain("only-here");
  }

  @Test
  void whatTheActionThrowsIsThrown() {
    var name = namespaces.create();
    assertThatThrownBy(
            () ->
                NetworkNamespaces.callIn(
                    name,
                    () -> {
                      throw new IOException("from inside");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("from inside");
  }

  @Test
  void theCallersThreadStaysWhereItIs() throws Exception {
    var before = Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net"));
    var name = namespaces.create();
    var inside =
        NetworkNamespaces.<Path, IOException>callIn(
            name, () -> Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")));
    assertThat(inside).isNotEqualTo(before);
    assertThat(Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net"))).isEqualTo(before);
  }

  @Test
  void anUnnamedNamespaceLivesWithItsDescriptor() {
    List<String> before = NetworkNamespaces.list();
    try (var namespace = NetworkNamespaces.createUnnamed();
        var links = Rtnetlink.openIn(namespace)) {
      assertThat(links.links()).extracting("name").containsExactly("lo");
      assertThat(NetworkNamespaces.list()).containsAll(before);
    }
  }

  @Test
  void anOpenNamespaceGetsItsNameBack() {
    var name = namespaces.create();
    var links = namespaces.links(name);
    assertThat(NetworkNamespaces.isNamed(links.namespace(), name)).isTrue();
    NetworkNamespaces.delete(name);
    assertThat(NetworkNamespaces.isNamed(links.namespace(), name)).isFalse();
    NetworkNamespaces.name(links.namespace(), name);
    assertThat(NetworkNamespaces.isNamed(links.namespace(), name)).isTrue();
    links.createBridge("seen", LinkSettings.NONE);
    assertThat(namespaces.links(name).link("seen")).isPresent();
    var other = namespaces.create();
    assertThat(NetworkNamespaces.isNamed(links.namespace(), other)).isFalse();
    assertThatThrownBy(() -> NetworkNamespaces.name(links.namespace(), other))
        .hasMessageContaining(other);
  }

  @Test
  void refusesNamesThatLeaveTheDirectory() {
    for (var name : List.of("", "..", "a/b")) {
      assertThatThrownBy(() -> NetworkNamespaces.create(name))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
