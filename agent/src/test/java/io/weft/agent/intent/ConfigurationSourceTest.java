package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.DaemonFailure;
import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.bgp.Secret;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Resources and the secrets that they name, both read again when they change. */
final class ConfigurationSourceTest {
  @TempDir private Path directory;
  private final BlockingQueue<Configuration> changes = new LinkedBlockingQueue<>();
  private Path secret = Path.of("/");

  @BeforeEach
  void place() {
    secret = directory.resolve("tor.password");
  }

  private ConfigurationSource open() throws IOException {
    return ConfigurationSource.open(
        new IntentPlace.Directory(directory),
        directory.resolve("state"),
        new Secrets((Integer) Files.getAttribute(directory, "unix:uid")));
  }

  private void fabric(String... lines) throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec:\n  asn: 65000\n  "
            + String.join("\n  ", lines)
            + "\n");
  }

  private void password(String text, String mode) throws IOException {
    var next = directory.resolve("next");
    Files.deleteIfExists(next);
    Files.writeString(next, text);
    Files.setPosixFilePermissions(next, PosixFilePermissions.fromString(mode));
    Files.move(next, secret, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private static PeerTransport of(Configuration configuration, String prefix) {
    return configuration.transports().stream()
        .filter(each -> each.peers().toString().equals(prefix))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aSecretIsReadAgainWhenItChangesAndKeptFromThePeerWhileItIsUnusable() throws Exception {
    fabric(
        "peers:",
        "- {address: 192.0.2.1, asn: 65001, passwordFrom: {file: " + secret + "}}",
        "- {address: 192.0.2.2, asn: 65001}");
    try (var source = open()) {
      var first = source.current();
      assertThat(first.problems())
          .containsExactly(
              "peer address 192.0.2.1: no session: the secret's file "
                  + secret
                  + " does not exist; make it, with mode 0600");
      assertThat(of(first, "192.0.2.1/32").barred()).get().asString().contains("does not exist");
      assertThat(of(first, "192.0.2.2/32").barred()).isEmpty();
      source.watch(changes::add);

      password("loom\n", "rw-------");
      assertThat(of(next(), "192.0.2.1/32").password()).contains(Secret.of("loom"));
      password("warp\n", "rw-------");
      var third = next();
      assertThat(of(third, "192.0.2.1/32").password()).contains(Secret.of("warp"));
      assertThat(third.problems()).isEmpty();
      password("warp\n", "rw-r-----");
      var fourth = next();
      assertThat(of(fourth, "192.0.2.1/32").password()).isEmpty();
      assertThat(of(fourth, "192.0.2.1/32").barred()).get().asString().contains("chmod 0600");
      assertThat(fourth.problems()).singleElement().asString().contains(secret.toString());
      assertThat(String.join("", fourth.problems())).doesNotContain("warp");
    }
  }

  private Configuration next() throws InterruptedException {
    var change = changes.poll(60, TimeUnit.SECONDS);
    assertThat(change).isNotNull();
    return java.util.Objects.requireNonNull(change);
  }

  @Test
  void whatPeersAskOfTcpIsCarriedOver() throws Exception {
    fabric(
        "vtep: {cidr: 10.0.0.0/24}",
        "reflectors: {addresses: [10.0.0.9, 10.0.0.8]}",
        "peers:",
        "- {address: 192.0.2.1, asn: 65001}",
        "- {address: 192.0.2.2, asn: 65001, multihop: 3}",
        "- {address: 192.0.2.3, asn: external, ttlSecurity: 2}",
        "- {address: 192.0.2.4, asn: internal}",
        "- {address: 10.0.0.8, ttlSecurity: 4}",
        "- {range: 198.51.100.0/24, asn: external}");
    try (var source = open()) {
      var transports = source.current().transports();
      assertThat(transports.stream().map(each -> each.peers() + " " + words(each)))
          .containsExactly(
              "192.0.2.1/32 TTL 1",
              "192.0.2.2/32 TTL 3",
              "192.0.2.3/32 hops 2",
              "192.0.2.4/32 plain",
              "10.0.0.8/32 hops 4",
              "198.51.100.0/24 TTL 1",
              "10.0.0.9/32 plain",
              "10.0.0.8/32 plain",
              "10.0.0.0/24 plain");
      assertThat(IntentWords.node(source.current().intent(), List.of()).peers())
          .as("a reflector is one peer")
          .filteredOn(peer -> peer.address().equals(IpAddress.parse("10.0.0.8")))
          .hasSize(1);
    }
  }

  private static String words(PeerTransport transport) {
    if (transport.ttlSecurityHops().isPresent()) {
      return "hops " + transport.ttlSecurityHops().getAsInt();
    }
    return transport.multihopTtl().isPresent()
        ? "TTL " + transport.multihopTtl().getAsInt()
        : "plain";
  }

  @Test
  void aFabricThatCannotBeReadIsRefusedWithItsFileAndLine() throws Exception {
    fabric("holdSeconds: soon");
    try (var source = open()) {
      assertThatThrownBy(() -> source.requireFabric("the reflector does not start"))
          .isInstanceOf(DaemonFailure.class)
          .hasMessageContaining("fabric.yaml:5")
          .hasMessageEndingWith("the reflector does not start; mend the file and start again");
    }
    Files.delete(directory.resolve("fabric.yaml"));
    try (var source = open()) {
      source.requireFabric("never said");
      assertThat(source.current().problems()).isEqualTo(List.of());
    }
  }
}
