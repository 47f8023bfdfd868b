package io.weft.linux.nftables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.TestNamespaces;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.Octets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel: a table is what was written, and others' hands in it are seen. */
class NftablesTest {
  private static final Rule OUT =
      Rule.of(
          new Expression.Meta(Expression.MetaKey.OUTPUT_NAME),
          new Expression.Compare(false, Octets.parse("6f757400000000000000000000000000")));

  private static final Table TABLE =
      new Table(
          "weft",
          List.of(
              new Chain(
                  "prerouting",
                  false,
                  Chain.Hook.PREROUTING,
                  Chain.BEFORE_TRACKING,
                  List.of(
                      Rule.of(
                              new Expression.RouteName(),
                              new Expression.Compare(true, Octets.parse("6f7574")),
                              new Expression.NoTracking())
                          .because("only what goes out is tracked"))),
              new Chain(
                  "forward",
                  false,
                  Chain.Hook.FORWARD,
                  Chain.FILTER,
                  List.of(
                      OUT.then(
                          new Expression.ConnectionState(),
                          new Expression.Mask(Octets.parse("41000000")),
                          new Expression.Compare(true, Octets.parse("00000000")),
                          new Expression.Verdict(false)),
                      OUT.then(
                          new Expression.Meta(Expression.MetaKey.FAMILY),
                          new Expression.Compare(false, Octets.parse("02")),
                          new Expression.Meta(Expression.MetaKey.PROTOCOL),
                          new Expression.Compare(false, Octets.parse("11")),
                          new Expression.Payload(Expression.Base.TRANSPORT, 2, 2),
                          new Expression.Compare(false, Octets.parse("12b5")),
                          new Expression.Verdict(false)))),
              new Chain(
                  "postrouting",
                  true,
                  Chain.Hook.POSTROUTING,
                  Chain.SOURCE,
                  List.of(
                      OUT.then(
                          new Expression.Meta(Expression.MetaKey.FAMILY),
                          new Expression.Compare(false, Octets.parse("02")),
                          new Expression.Load(Octets.parse("0a000001")),
                          new Expression.TranslateSource(true)),
                      OUT.then(
                          new Expression.Meta(Expression.MetaKey.FAMILY),
                          new Expression.Compare(false, Octets.parse("02")),
                          new Expression.Load(Octets.parse("0a000001")),
                          new Expression.Load(Octets.parse("4000"), Expression.FIRST_PORT),
                          new Expression.Load(Octets.parse("7fff"), Expression.LAST_PORT),
                          new Expression.TranslateSource(true, true)),
                      OUT.then(
                          new Expression.Load(Octets.parse("4000"), Expression.FIRST_PORT),
                          new Expression.Load(Octets.parse("7fff"), Expression.LAST_PORT),
                          new Expression.Masquerade(true)),
                      OUT.then(new Expression.Masquerade())))));

  private TestNamespaces namespaces;
  private String namespace;
  private Nftables nftables;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    namespace = namespaces.create();
    nftables = namespaces.closing(Nftables.openIn(namespace));
  }

  @AfterEach
  void close() throws Exception {
    namespaces.close();
  }

  @Test
  void aTableIsWhatWasWritten() {
    assertThat(nftables.table("weft")).isEmpty();
    nftables.replace(TABLE);
    assertThat(nftables.table("weft")).contains(TABLE);
    nftables.replace(TABLE);
    assertThat(nftables.table("weft")).as("again").contains(TABLE);
    assertThat(nftables.table("wef")).isEmpty();
    assertThat(nftables.delete("weft")).isTrue();
    assertThat(nftables.delete("weft")).isFalse();
    assertThat(nftables.table("weft")).isEmpty();
  }

  /** A refusal like the kernel's own, and the next one is carried out. */
  @Test
  void whatIsMoreThanADatagramHoldsIsRefused() {
    var rules = Collections.nCopies(2000, OUT.then(new Expression.Verdict(true)));
    var chain = new Chain("forward", false, Chain.Hook.FORWARD, Chain.FILTER, rules);
    assertThatExceptionOfType(LinuxException.class)
        .isThrownBy(() -> nftables.replace(new Table("weft", List.of(chain))))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE));
    assertThat(nftables.table("weft")).isEmpty();
    nftables.replace(TABLE);
    assertThat(nftables.table("weft")).contains(TABLE);
  }

  @Test
  void nftReadsItAsItIsMeant() throws Exception {
    assumeTrue(hasNft(), "needs nft");
    nftables.replace(TABLE);
    assertThat(nft("list table inet weft"))
        .contains("type filter hook prerouting priority raw; policy accept;")
        .contains("notrack comment \"only what goes out is tracked\"")
        .contains("oifname \"out\" ct state invalid,untracked drop")
        .contains("oifname \"out\" meta nfproto ipv4 udp dport 4789 drop")
        .contains("type nat hook postrouting priority srcnat; policy accept;")
        .contains("oifname \"out\" meta nfproto ipv4 snat ip to 10.0.0.1")
        .contains("oifname \"out\" masquerade to :16384-32767")
        .containsPattern("oifname \"out\" masquerade\n");
  }

  @Test
  void whatOthersDoIsHeardAndSeen() throws Exception {
    assumeTrue(hasNft(), "needs nft");
    try (var monitor = NftablesMonitor.openIn(namespace, "weft")) {
      assertThat(monitor.drain()).isFalse();
      nftables.replace(TABLE);
      assertThat(monitor.drain()).isTrue();
      assertThat(monitor.drain()).isFalse();
      for (var change :
          List.of(
              "flush chain inet weft forward",
              "add rule inet weft forward counter accept",
              "insert rule inet weft postrouting oifname out snat ip to 10.0.0.1",
              "add chain inet weft other",
              "add chain inet weft forward { policy drop; }",
              "delete table inet weft")) {
        nft(change);
        assertThat(monitor.drain()).as(change).isTrue();
        assertThat(nftables.table("weft")).as(change).isNotEqualTo(java.util.Optional.of(TABLE));
        nftables.replace(TABLE);
        assertThat(nftables.table("weft")).contains(TABLE);
        assertThat(monitor.drain()).isTrue();
      }
      nft("add table inet another");
      assertThat(monitor.drain()).as("a table of somebody else's").isFalse();
    }
  }

  /** A table that the kernel refuses in part is refused as a whole. */
  @Test
  void whatIsRefusedChangesNothing() {
    nftables.replace(TABLE);
    var translating =
        new Chain(
            "forward",
            true,
            Chain.Hook.FORWARD,
            Chain.FILTER,
            List.of(OUT.then(new Expression.Masquerade())));
    assertThatThrownBy(() -> nftables.replace(new Table("weft", List.of(translating))))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("nftables table weft");
    assertThat(nftables.table("weft")).contains(TABLE);
  }

  private static boolean hasNft() {
    return List.of("/usr/sbin/nft", "/sbin/nft").stream()
        .anyMatch(path -> java.nio.file.Files.isExecutable(java.nio.file.Path.of(path)));
  }

  private String nft(String command) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder("ip", "netns", "exec", namespace, "nft", command)
            .redirectErrorStream(true)
            .start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(command + ": " + output).isZero();
    return output;
  }
}
