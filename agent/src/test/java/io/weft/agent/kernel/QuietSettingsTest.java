package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.kernel.QuietSettings.Followed;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.ffi.NumberFiles;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the real kernel: what changes without a notice shows, and nothing is taken for well. */
class QuietSettingsTest {
  private TestNamespaces namespaces;
  private String tenant;
  private Rtnetlink kernel;
  private int bridge;
  private Map<Integer, Followed> links;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    tenant = namespaces.create("tenant");
    kernel = namespaces.links(tenant);
    bridge = kernel.createBridge("br100", LinkSettings.UP).index();
    links = Map.of(bridge, new Followed("br100", true, false));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void set(String deed) throws IOException {
    int at = deed.indexOf('=');
    var file = Path.of("/proc/sys/net", deed.substring(0, at));
    var value = deed.substring(at + 1);
    NetworkNamespaces.<Path, IOException>callIn(tenant, () -> Files.writeString(file, value));
  }

  private QuietSettings settled() {
    var quiet = new QuietSettings(kernel, new DescriptorBudget(100));
    quiet.settle(links, quiet.begin(links));
    assertThat(quiet.areSettled()).isTrue();
    return quiet;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ipv4/conf/br100/arp_ignore=1",
        "ipv4/conf/br100/accept_local=1",
        "ipv6/conf/br100/accept_ra=0",
        "ipv6/conf/br100/addr_gen_mode=3"
      })
  void aChangeShowsUntilItIsSettledAnew(String deed) throws Exception {
    try (var quiet = settled()) {
      set(deed);
      assertThat(quiet.areSettled()).isFalse();
      quiet.settle(links, quiet.begin(links));
      assertThat(quiet.areSettled()).isTrue();
    }
  }

  /** Such a link has no address before it was down and up: no notice tells of it until then. */
  @ParameterizedTest
  @ValueSource(strings = {"br100", "default"})
  void aSecretOfALinkWithoutAddressesShows(String name) throws Exception {
    links = Map.of(bridge, new Followed("br100", false, false));
    try (var quiet = settled()) {
      set("ipv4/conf/br100/arp_ignore=1");
      assertThat(quiet.areSettled()).as("that does not count").isTrue();
      set("ipv6/conf/" + name + "/stable_secret=2001:db8::1");
      assertThat(quiet.areSettled()).isFalse();
    }
  }

  @Test
  void whatChangesWhileLinksAreReadIsNotSettled() throws Exception {
    try (var quiet = new QuietSettings(kernel, new DescriptorBudget(100))) {
      var before = quiet.begin(links);
      set("ipv4/conf/br100/arp_ignore=1");
      quiet.settle(links, before);
      assertThat(quiet.areSettled()).isFalse();
    }
  }

  @Test
  void anotherLinkOfTheNameIsAnother() {
    try (var quiet = settled()) {
      kernel.deleteLink(bridge);
      int next = kernel.createBridge("br100", LinkSettings.UP).index();
      assertThat(quiet.areSettled()).isFalse();
      var before = quiet.begin(links);
      quiet.settle(Map.of(next, new Followed("br100", true, false)), before);
      assertThat(quiet.areSettled()).as("it was not read before the links were").isFalse();
    }
  }

  /** The link is down: the carrier of one that is up is told when the kernel comes to it. */
  @Test
  void aGroupShowsWhereItCounts() {
    int down = kernel.createBridge("br200", LinkSettings.NONE).index();
    links = Map.of(down, new Followed("br200", true, true));
    try (var quiet = settled()) {
      kernel.execute(new Request.SetLinkGroup(down, 7));
      assertThat(quiet.areSettled()).isFalse();
    }
  }

  @Test
  void withoutRoomForFilesNothingIsSettled() {
    var budget = new DescriptorBudget(3);
    try (var quiet = new QuietSettings(kernel, budget)) {
      quiet.settle(links, quiet.begin(links));
      assertThat(quiet.areSettled()).as("links are read each time").isFalse();
      budget.give(1);
      quiet.settle(links, quiet.begin(links));
      assertThat(quiet.areSettled()).isTrue();
    }
    assertThat(budget.take(4)).as("given back").isTrue();
    assertThat(budget.take(1)).isFalse();
  }

  @Test
  void whileTheKernelOpensNoFilesNothingIsSettled() throws Exception {
    var budget = new DescriptorBudget(4);
    try (var quiet = new QuietSettings(kernel, budget)) {
      var before = RefusedCalls.opening(Errno.EMFILE).during(() -> quiet.begin(links));
      quiet.settle(links, before);
      assertThat(quiet.areSettled()).as("links are read each time").isFalse();
      quiet.settle(links, quiet.begin(links));
      assertThat(quiet.areSettled()).isTrue();
    }
    assertThat(budget.take(4)).as("given back").isTrue();
  }

  @Test
  void filesThatAreRefusedForNowAreNotMissing() {
    var files = new NumberFiles();
    var paths = List.of("/proc/sys/kernel/pid_max");
    for (var full : List.of(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM)) {
      assertThatThrownBy(() -> RefusedCalls.opening(full).during(() -> opened(files, paths)))
          .hasRootCauseInstanceOf(LinuxException.class)
          .hasStackTraceContaining(full.symbol());
      assertThat(files.count()).as("all of them again").isZero();
    }
    try (files) {
      assertThat(opened(files, paths)).hasSize(1).doesNotContain(NumberFiles.MISSING);
    }
  }

  @Test
  void filesThatAreForbiddenAreMissing() throws Exception {
    try (var files = new NumberFiles()) {
      var paths = List.of("/proc/sys/kernel/pid_max");
      assertThat(RefusedCalls.opening(new Errno(13)).during(() -> opened(files, paths)))
          .containsExactly(NumberFiles.MISSING);
    }
  }

  private static int[] opened(NumberFiles files, List<String> paths) {
    files.open(paths);
    return files.read();
  }

  @Test
  void aNamespaceIsNotOtherwiseBecauseItsFilesAreRefusedForNow() throws Exception {
    try (var settings = new NamespaceSettings(kernel.namespace())) {
      var refused = RefusedCalls.opening(Errno.EMFILE);
      assertThatThrownBy(() -> refused.during(settings::isRestrained))
          .hasCauseInstanceOf(LinuxException.class);
      assertThatThrownBy(() -> refused.during(settings::routesIpv6))
          .hasCauseInstanceOf(LinuxException.class);
      set("ipv6/conf/all/forwarding=1");
      assertThat(settings.routesIpv6()).isTrue();
      assertThat(settings.restrain(tenant)).isTrue();
      assertThat(settings.isRestrained()).isTrue();
    }
  }
}
