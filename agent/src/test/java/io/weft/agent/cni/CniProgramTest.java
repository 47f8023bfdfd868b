package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.control.ControlClient;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plugin program, a real {@code weft node}, and namespaces of containers. */
class CniProgramTest extends CniNode {
  @ParameterizedTest
  @ValueSource(strings = {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"})
  void addCheckDelInEveryVersion(String version) throws Exception {
    start();
    var pod = container("p1");
    var configuration = plugin.configuration(version, "web");
    configuration.putObject("dns").putArray("nameservers").add("10.96.0.10");

    var added = succeeded(plugin.call("ADD", "c1", pod, configuration));

    assertThat(added.path("cniVersion").asText()).isEqualTo(version);
    assertThat(added.path("interfaces")).hasSize(2);
    var inside = added.path("interfaces").get(1);
    assertThat(inside.path("name").asText()).isEqualTo("eth0");
    assertThat(inside.path("sandbox").asText()).isEqualTo(pod);
    assertThat(inside.path("mtu").asInt()).isEqualTo(version.equals("1.1.0") ? 1450 : 0);
    var ip = added.path("ips").get(0);
    assertThat(ip.path("interface").asInt()).isEqualTo(1);
    assertThat(ip.path("gateway").asText()).isEqualTo("192.168.1.1");
    assertThat(ip.path("version").asText()).isEqualTo(version.startsWith("0.") ? "4" : "");
    assertThat(added.path("routes").toString())
        .isEqualTo("[{\"dst\":\"0.0.0.0/0\",\"gw\":\"192.168.1.1\"}]");
    assertThat(added.at("/dns/nameservers/0").asText()).isEqualTo("10.96.0.10");
    try (var links = Rtnetlink.openIn(pod)) {
      var link = links.requireLink("eth0");
      assertThat(link.mac()).hasToString("Optional[" + inside.path("mac").asText() + "]");
      assertThat(links.addresses(link.index()))
          .anyMatch(each -> ip.path("address").asText().equals(each.address() + "/24"));
    }

    assertThat(succeeded(plugin.call("ADD", "c1", pod, configuration)))
        .as("the same call again")
        .isEqualTo(added);

    configuration.set("prevResult", added);
    var checked = plugin.call("CHECK", "c1", pod, configuration);
    if (version.startsWith("0.3")) {
      assertThat(checked.code()).isEqualTo(CniFailure.INCOMPATIBLE_VERSION);
    } else {
      assertThat(checked).isEqualTo(new PluginProgram.Outcome(0, ""));
    }
    assertThat(plugin.call("DEL", "c1", pod, configuration))
        .isEqualTo(new PluginProgram.Outcome(0, ""));
    assertThat(plugin.call("DEL", "c1", "", configuration))
        .as("again, and the namespace is gone")
        .isEqualTo(new PluginProgram.Outcome(0, ""));
    if (!version.startsWith("0.3")) {
      assertThat(plugin.call("CHECK", "c1", pod, configuration).code())
          .isEqualTo(CniFailure.NOT_AS_GIVEN);
    }
    assertThat(node.endpoints()).isEmpty();
  }

  @Test
  void checkNoticesWhatChangedInTheContainer() throws Exception {
    start();
    var pod = container("p1");
    var configuration = plugin.configuration("1.1.0", "web");
    configuration.set("prevResult", succeeded(plugin.call("ADD", "c1", pod, configuration)));
    try (var links = Rtnetlink.openIn(pod)) {
      links.deleteLink(links.requireLink("eth0").index());
    }
    var checked = plugin.call("CHECK", "c1", pod, configuration);
    assertThat(checked.code()).as(checked.output()).isEqualTo(CniFailure.NOT_AS_GIVEN);
  }

  @Test
  void givesTheAddressAndMacThatAreAskedFor() throws Exception {
    start();
    var byArguments =
        succeeded(
            plugin.call(
                "ADD",
                "c1",
                container("p1"),
                plugin.configuration("1.0.0", "web"),
                "IgnoreUnknown=1;K8S_POD_NAME=web-1;IP=192.168.1.77/24;MAC=02:00:00:00:00:77"));
    assertThat(byArguments.at("/ips/0/address").asText()).isEqualTo("192.168.1.77/24");
    assertThat(byArguments.at("/interfaces/1/mac").asText()).isEqualTo("02:00:00:00:00:77");

    var configuration = plugin.configuration("1.0.0", "web");
    var runtime = configuration.putObject("runtimeConfig");
    runtime.putArray("ips").add("192.168.1.78");
    runtime.put("mac", "02:00:00:00:00:78");
    var byCapability = plugin.call("ADD", "c2", container("p2"), configuration, "IP=192.168.1.9");
    assertThat(succeeded(byCapability).at("/ips/0/address").asText()).isEqualTo("192.168.1.78/24");

    var pod = container("p3");
    var annotated = plugin.configuration("1.0.0", "web");
    annotated
        .putObject("runtimeConfig")
        .putObject("io.kubernetes.cri.pod-annotations")
        .put("weft.io/ips", "192.168.1.79")
        .put("weft.io/mac", "02:00:00:00:00:79");
    var byAnnotation =
        succeeded(plugin.call("ADD", "c4", container("p4"), annotated, "IP=1.1.1.1"));
    assertThat(byAnnotation.at("/ips/0/address").asText()).isEqualTo("192.168.1.79/24");
    assertThat(byAnnotation.at("/interfaces/1/mac").asText()).isEqualTo("02:00:00:00:00:79");

    var misled = plugin.configuration("1.0.0", "web");
    var whole = misled.deepCopy();
    misled.removeAll();
    misled
        .putObject("runtimeConfig") // comes first, and is the pod's author's
        .putObject("io.kubernetes.cri.pod-annotations")
        .put("agentSocket", "/nowhere");
    misled.setAll(whole);
    succeeded(plugin.call("ADD", "c5", container("p5"), misled));

    var clash = plugin.call("ADD", "c3", pod, configuration);
    assertThat(clash.code()).as(clash.output()).isEqualTo(CniFailure.ADDRESS_IN_USE);
    assertThat(clash.json().path("details").asText()).contains("192.168.1.78", "c2/eth0@weft");
    try (var links = Rtnetlink.openIn(pod)) {
      assertThat(links.link("eth0")).as("no half of a pod").isEmpty();
    }
  }

  @Test
  void standsBesideAnEarlierPlugin() throws Exception {
    start();
    var pod = container("p1");
    var configuration = plugin.configuration("1.0.0", "storage");
    configuration.set(
        "prevResult",
        PluginProgram.JSON.readTree(
            """
            {"cniVersion": "1.0.0",
             "interfaces": [{"name": "veth1"}, {"name": "eth0", "sandbox": "%s"}],
             "ips": [{"interface": 1, "address": "10.1.0.5/24", "gateway": "10.1.0.1"}],
             "routes": [{"dst": "0.0.0.0/0", "gw": "10.1.0.1"}],
             "dns": {"nameservers": ["10.96.0.10"]}}
            """
                .formatted(pod)));

    var added = succeeded(plugin.call("ADD", "c1", pod, configuration));

    assertThat(added.path("interfaces")).hasSize(4);
    assertThat(added.at("/interfaces/3/name").asText()).isEqualTo("weft0");
    assertThat(added.at("/ips/0/address").asText()).isEqualTo("10.1.0.5/24");
    assertThat(added.at("/ips/1/interface").asInt()).isEqualTo(3);
    assertThat(added.at("/ips/1/address").asText()).startsWith("192.168.3.");
    assertThat(added.path("routes")).hasSize(1);
    assertThat(added.at("/dns/nameservers/0").asText()).isEqualTo("10.96.0.10");
    configuration.set("prevResult", added);
    assertThat(plugin.call("CHECK", "c1", pod, configuration).output()).isEmpty();
    assertThat(plugin.call("DEL", "c1", pod, configuration).exitCode()).isZero();
    try (var links = Rtnetlink.openIn(pod)) {
      assertThat(links.link("weft0")).isEmpty();
    }
  }

  /** As a delegate: the result must not tell of a default route that was not made. */
  @Test
  void leavesADefaultRouteThatIsThere() throws Exception {
    start();
    var pod = container("p1");
    try (var links = Rtnetlink.openIn(pod)) {
      int link = links.createBridge("other", LinkSettings.UP).index();
      links.execute(new Request.AddAddress(Address.of(link, IpAddress.parse("10.1.0.5"), 24)));
      var everywhere = IpPrefix.parse("0.0.0.0/0");
      var hop = NextHop.via(IpAddress.parse("10.1.0.1"), link);
      links.execute(new Request.AddRoute(Route.of(everywhere, hop)));
    }
    var added = succeeded(plugin.call("ADD", "c1", pod, plugin.configuration("1.0.0", "web")));
    assertThat(added.at("/ips/0/gateway").asText()).isEqualTo("192.168.1.1");
    assertThat(added.path("routes")).isEmpty();
  }

  @Test
  void collectsWhatTheRuntimeForgotInItsOwnNetworkOnly() throws Exception {
    start();
    var other = new PluginProgram(node.socket(), "other");
    succeeded(plugin.call("ADD", "c1", container("p1"), plugin.configuration("1.1.0", "web")));
    succeeded(plugin.call("ADD", "c2", container("p2"), plugin.configuration("1.1.0", "web")));
    succeeded(other.call("ADD", "c3", container("p3"), other.configuration("1.1.0", "web")));
    node.attach("by-hand", "web", namespaces.create("p4"));

    var collect = plugin.configuration("1.1.0", "web");
    collect
        .putArray("cni.dev/valid-attachments")
        .addObject()
        .put("containerID", "c2")
        .put("ifname", "eth0");
    assertThat(plugin.call("GC", "", "", collect)).isEqualTo(new PluginProgram.Outcome(0, ""));
    assertThat(node.endpoints()).containsExactly("by-hand", "c2/eth0@weft", "c3/eth0@other");
  }

  /** What is wrong, and the code that the specification has for it. */
  @Test
  void saysWhatIsWrong() throws Exception {
    start();
    var pod = container("p1");
    var good = plugin.configuration("1.1.0", "web");
    check(7, plugin.call("ADD", "c1", pod, plugin.configuration("1.1.0", "nowhere")), "nowhere");
    check(7, plugin.call("ADD", "c1", pod, plugin.configuration("1.1.0", "")), "'network'");
    check(1, plugin.call("ADD", "c1", pod, plugin.configuration("0.2.0", "web")), "0.2.0");
    check(1, plugin.call("GC", "", "", plugin.configuration("1.0.0", "web")), "GC");
    check(3, plugin.call("ADD", "c1", "/run/netns/none", good), "/run/netns/none");
    check(4, plugin.call("ADD", "", pod, good), "CNI_CONTAINERID");
    check(4, plugin.call("ADD", "a/b", pod, good), "CNI_CONTAINERID=a/b");
    check(4, plugin.call("ADD", "c1", "", good), "CNI_NETNS");
    check(4, plugin.call("GIVE", "c1", pod, good), "CNI_COMMAND=GIVE");
    check(7, plugin.call("CHECK", "c1", pod, good), "prevResult");
    check(7, plugin.call("GC", "", "", good), "valid-attachments");
    check(7, plugin.call("ADD", "c1", pod, good, "IP=300.1.1.1"), "300.1.1.1");
    check(7, plugin.call("ADD", "c1", pod, good, "IP=10.0.0.1"), "10.0.0.1");
    var ipam = plugin.configuration("1.1.0", "web");
    ipam.putObject("ipam").put("type", "host-local");
    check(2, plugin.call("ADD", "c1", pod, ipam), "ipam");
    var broken = good.toString().replace("\"name\":\"weft\",", "\"name\":,");
    var environment = new TreeMap<>(Map.of("CNI_COMMAND", "ADD", "CNI_CONTAINERID", "c1"));
    check(6, plugin.run(environment, broken), "line 1, column");
    check(4, plugin.run(Map.of(), ""), "environment");
    assertThat(node.endpoints()).isEmpty();
  }

  @Test
  void answersVersionAndStatus() throws Exception {
    start();
    var versions = succeeded(plugin.call("VERSION", "", "", plugin.configuration("1.0.0", "")));
    assertThat(versions.path("cniVersion").asText()).isEqualTo("1.0.0");
    assertThat(versions.path("supportedVersions").toString())
        .isEqualTo("[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]");
    assertThat(plugin.call("STATUS", "", "", plugin.configuration("1.1.0", "web")))
        .isEqualTo(new PluginProgram.Outcome(0, ""));
  }

  @Test
  void tellsTheRuntimeToTryAgainWhileTheAgentIsAway() throws Exception {
    var pod = container("p1");
    var configuration = plugin.configuration("1.1.0", "web");
    for (var verb : List.of("ADD", "DEL", "CHECK", "GC")) {
      assertThat(plugin.call(verb, "c1", pod, configuration).code()).as(verb).isEqualTo(11);
    }
    var status = plugin.call("STATUS", "c1", pod, configuration);
    assertThat(status.code()).isEqualTo(50);
    assertThat(status.json().path("cniVersion").asText()).isEqualTo("1.1.0");
    assertThat(status.json().path("details").asText()).contains("-cni.sock");
  }

  /** The stand-in for hosts without a C compiler says the same. */
  @Test
  void theCallInJavaIsAnsweredLikeTheProgram() throws Exception {
    var environment = new TreeMap<>(Map.of("CNI_COMMAND", "VERSION", "PATH", "/bin"));
    var input = plugin.configuration("1.0.0", "web").toString();
    var away = PluginCall.of(environment, input.getBytes(StandardCharsets.UTF_8));
    assertThat(away.exitCode()).isEqualTo(1);
    assertThat(PluginProgram.JSON.readTree(away.output()).path("code").asInt()).isEqualTo(11);
    start();
    var program = plugin.run(environment, input);
    var java = PluginCall.of(environment, input.getBytes(StandardCharsets.UTF_8));
    assertThat(new PluginProgram.Outcome(java.exitCode(), java.output())).isEqualTo(program);
    assertThat(java.exitCode()).isZero();
  }

  /** Each of the two sockets says at once that it is the wrong one. */
  @Test
  @Timeout(60)
  void aSocketSaysThatItIsTheOtherOne() throws Exception {
    start();
    try (var client = ControlClient.connect(CniServer.beside(node.socket()))) {
      var answer = client.call(ControlClient.request("status"));
      assertThat(answer.path("ok").asBoolean()).isFalse();
      assertThat(answer.at("/error/reason").asText()).isEqualTo("WRONG_SOCKET");
      assertThat(answer.at("/error/message").asText()).contains(node.socket().toString());
    }
    var configuration =
        plugin.configuration("1.1.0", "web").put("agentSocket", node.socket().toString());
    var pod = container("p1");
    check(7, plugin.call("ADD", "c1", pod, configuration), node.socket().toString());
    var environment = new TreeMap<>(Map.of("CNI_COMMAND", "ADD", "CNI_CONTAINERID", "c1"));
    for (var input : List.of(configuration.toString(), configuration.toPrettyString())) {
      var java = PluginCall.of(environment, input.getBytes(StandardCharsets.UTF_8));
      var program = plugin.run(environment, input);
      assertThat(java.exitCode()).isEqualTo(program.exitCode()).isEqualTo(1);
      assertThat(PluginProgram.JSON.readTree(java.output())).isEqualTo(program.json());
    }
  }

  @Test
  void goesOnAfterTheAgentWasKilled() throws Exception {
    start();
    var pod = container("p1");
    var configuration = plugin.configuration("1.1.0", "web");
    var added = succeeded(plugin.call("ADD", "c1", pod, configuration));
    node.kill();
    start();
    assertThat(succeeded(plugin.call("ADD", "c1", pod, configuration)).path("ips"))
        .isEqualTo(added.path("ips"));
    configuration.set("prevResult", added);
    assertThat(plugin.call("CHECK", "c1", pod, configuration).output()).isEmpty();
    assertThat(plugin.call("DEL", "c1", pod, configuration).exitCode()).isZero();
    assertThat(node.endpoints()).isEmpty();
  }

  @Test
  void servesAHundredAtOnce() throws Exception {
    start();
    var calls = new ArrayList<Callable<PluginProgram.Outcome>>();
    for (int i = 0; i < 100; i++) {
      var id = "c" + i;
      var pod = container("h" + i);
      calls.add(() -> plugin.call("ADD", id, pod, plugin.configuration("1.1.0", "web")));
    }
    var addresses = new TreeSet<String>();
    try (var threads = Executors.newFixedThreadPool(100)) {
      for (var outcome : threads.invokeAll(calls)) {
        addresses.add(succeeded(outcome.get()).at("/ips/0/address").asText());
      }
    }
    assertThat(addresses).as("each has its own").hasSize(100);
    assertThat(node.endpoints()).hasSize(100);
  }
}
