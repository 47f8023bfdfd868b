package io.weft.agent.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Network namespaces of nodes, an API server in the first one, and what nodes need to use it. */
public final class ApiNodes implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  public final ApiServer server;
  private final List<String> underlays = new ArrayList<>();

  /**
   * With the kinds of Weft, a Fabric whose nodes are each other's peers, and nothing else. The
   * underlay of node n is {@code 10.99.0.n}.
   */
  public ApiNodes(TestNamespaces namespaces, int count) throws Exception {
    for (int i = 1; i <= count; i++) {
      underlays.add(namespaces.create("underlay" + i));
    }
    var first = namespaces.links(underlays.getFirst());
    first.execute(new Request.SetLink(first.link("lo").orElseThrow().index(), LinkSettings.UP));
    var uplink = first.createBridge("uplink", LinkSettings.UP.withMtu(1500));
    address(first, uplink.index(), 1);
    for (int i = 2; i <= count; i++) {
      var other = namespaces.links(underlays.get(i - 1));
      first.createVeth("to" + i, LinkSettings.UP, "uplink", LinkSettings.UP, other);
      first.execute(
          new Request.SetLink(
              first.link("to" + i).orElseThrow().index(),
              LinkSettings.UP.withMaster(uplink.index())));
      var index = other.link("uplink").orElseThrow().index();
      other.execute(new Request.SetLink(index, LinkSettings.UP));
      address(other, index, i);
    }
    server =
        ApiServer.start(
            NetworkNamespaces.<HttpServer, IOException>callIn(
                underlays.getFirst(),
                () -> HttpServer.create(new InetSocketAddress("10.99.0.1", 0), 0)));
    ResourceSchemas.all().forEach(kind -> server.define(yaml(Definition.yaml(kind))));
    var peers = new StringJoiner(", ");
    for (int i = 1; i <= count; i++) {
      peers.add("{address: 10.99.0." + i + "}");
    }
    apply(
        "{kind: Fabric, metadata: {name: default}, spec: {vtep: {cidr: 10.99.0.0/24}, peers: [%s]}}"
            .formatted(count == 1 ? "" : peers));
  }

  private static void address(Rtnetlink links, int index, int number) {
    links.execute(
        new Request.AddAddress(Address.of(index, IpAddress.parse("10.99.0." + number), 24)));
  }

  /** The network namespace of a node; the first is 1. */
  public String underlay(int number) {
    return underlays.get(number - 1);
  }

  public static ObjectNode yaml(String text) {
    return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  /** Makes the object, or changes it; gives its UID. */
  public String apply(String text) {
    return server.put(yaml(text)).at("/metadata/uid").asText();
  }

  /** The option that says where the resources are. */
  public String option(Path directory) throws IOException {
    var kubeconfig = directory.resolve("kubeconfig");
    Files.writeString(
        kubeconfig,
        """
        current-context: c
        contexts: [{name: c, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: '%s'}}]
        users: [{name: u, user: {}}]
        """
            .formatted(server.uri()));
    return "--kubeconfig=" + kubeconfig;
  }

  /** An object as it is. */
  Optional<ObjectNode> find(String kind, String name) {
    return server.objects(kind).stream()
        .filter(each -> each.at("/metadata/name").asText().equals(name))
        .findFirst();
  }

  @Override
  public void close() {
    server.close();
  }
}
