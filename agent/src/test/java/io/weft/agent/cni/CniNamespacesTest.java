package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The network of a pod is that of its namespace. */
class CniNamespacesTest extends CniNode {
  @Test
  void aPodIsInTheNetworkOfItsNamespace() throws Exception {
    start();
    node.write(
        "more.yaml",
        """
        kind: Network
        metadata: {name: shop}
        spec: {vni: 400, subnets: [192.168.4.0/24], namespaces: {names: [shop, disputed]}}
        ---
        kind: Network
        metadata: {name: bank}
        spec: {vni: 500, subnets: [192.168.5.0/24], namespaces: {names: [bank, disputed]}}
        """);
    node.awaitAnswer("networks", answer -> answer.toString().contains("bank"));
    var configuration = plugin.configuration("1.0.0", "");
    configuration.remove("network");
    var pod = container("p1");

    var added = succeeded(plugin.call("ADD", "c1", pod, configuration, of("shop")));
    assertThat(added.at("/ips/0/address").asText()).startsWith("192.168.4.");
    added = succeeded(plugin.call("ADD", "c2", container("p2"), configuration, of("bank")));
    assertThat(added.at("/ips/0/address").asText()).startsWith("192.168.5.");

    var disputed = plugin.call("ADD", "c3", container("p3"), configuration, of("disputed"));
    check(7, disputed, "namespace 'disputed' is selected by the networks bank, shop");
    check(
        CniFailure.TRY_AGAIN,
        plugin.call("ADD", "c4", container("p4"), configuration, of("other")),
        "no Network selects namespace 'other'");
    assertThat(node.endpoints()).hasSize(2);
    assertThat(plugin.call("DEL", "c1", pod, configuration, of("shop")).exitCode()).isZero();
    assertThat(node.endpoints()).hasSize(1);
  }

  /** A name of a claim is the namespace's own: nobody takes or blocks another tenant's. */
  @Test
  void aClaimIsOfTheNamespaceOfThePod() throws Exception {
    node.start("--addresses=" + directory.resolve("addresses"));
    node.awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
    var configuration = plugin.configuration("1.0.0", "web");
    var one = ";WEFT_CLAIM=vm-1";
    var shop =
        succeeded(plugin.call("ADD", "c1", container("p1"), configuration, of("shop") + one));
    var bank =
        succeeded(plugin.call("ADD", "c2", container("p2"), configuration, of("bank") + one));
    var plain = succeeded(plugin.call("ADD", "c3", container("p3"), configuration, one));
    var addresses = new TreeSet<String>();
    for (var added : List.of(shop, bank, plain)) {
      addresses.add(added.at("/ips/0/address").asText());
    }
    assertThat(addresses).hasSize(3);
    try (var files = Files.list(directory.resolve("addresses/claims"))) {
      assertThat(
              files.map(
                  file -> file.getFileName().toString().replace(".yaml", "").replace(".json", "")))
          .containsExactlyInAnyOrder("shop.vm-1", "bank.vm-1", "vm-1");
    }
    var thief =
        plugin.call(
            "ADD", "c4", container("p4"), configuration, of("bank") + ";WEFT_CLAIM=shop.vm-1");
    check(7, thief, "'bank.shop.vm-1' cannot be the name of a claim");
    assertThat(plugin.call("DEL", "c1", "", configuration).exitCode()).isZero();
  }

  @Test
  void behindAnotherPluginAPodWhoseNamespaceHasNoNetworkIsLeftAlone() throws Exception {
    start();
    var pod = container("p1");
    var configuration = plugin.configuration("1.0.0", "");
    configuration.remove("network");
    configuration.set(
        "prevResult",
        PluginProgram.JSON.readTree(
            "{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\"}],\"ips\":[]}"));
    var added = succeeded(plugin.call("ADD", "c1", pod, configuration, of("other")));
    assertThat(added).isEqualTo(configuration.path("prevResult"));
    assertThat(node.endpoints()).isEmpty();
    assertThat(plugin.call("CHECK", "c1", pod, configuration, of("other")).output()).isEmpty();
    assertThat(plugin.call("DEL", "c1", pod, configuration, of("other")).exitCode()).isZero();
  }

  private static String of(String namespace) {
    return "IgnoreUnknown=1;K8S_POD_NAMESPACE=" + namespace + ";K8S_POD_NAME=p";
  }
}
