package io.weft.lab.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlClient;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.lab.topology.Topology.Machine;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The calls of the lab to one agent, over one connection. Not for several threads at once. */
public final class AgentCalls implements AutoCloseable {
  private final ControlClient client;

  private AgentCalls(ControlClient client) {
    this.client = client;
  }

  static AgentCalls connect(Path socket) throws IOException {
    return new AgentCalls(ControlClient.connect(socket));
  }

  /**
   * An answer that is {@code ok}.
   *
   * @throws IOException with the agent's own words when it is not
   */
  private JsonNode call(ObjectNode request) throws IOException {
    var answer = client.call(request);
    if (!answer.path("ok").asBoolean()) {
      var error = answer.path("error");
      throw new IOException(
          request.path("call").asText()
              + " refused: "
              + error.path("message").asText()
              + " ["
              + error.path("reason").asText()
              + "]");
    }
    return answer;
  }

  public JsonNode status() throws IOException {
    return call(ControlClient.request("status"));
  }

  /** The answer to {@code weft why-not}. */
  public JsonNode why(String route) throws IOException {
    return call(ControlClient.request("why").put("route", route));
  }

  /** The name of the namespace in which the node has a network. */
  public String namespaceOf(String network) throws IOException {
    return network(network).path("namespace").asText();
  }

  /** The VNI of a network on the node. */
  public Vni vniOf(String network) throws IOException {
    return new Vni(network(network).path("vni").asInt());
  }

  /** The networks that the node knows. */
  public List<String> networks() throws IOException {
    var names = new ArrayList<String>();
    call(ControlClient.request("networks"))
        .path("networks")
        .forEach(each -> names.add(each.path("name").asText()));
    return names;
  }

  /** The multicast groups that a network's agent knows, those of its own ports among them. */
  public List<String> multicast(String network) throws IOException {
    var groups = new ArrayList<String>();
    groupsOf(network).path("groups").forEach(group -> groups.add(group.path("group").asText()));
    return groups;
  }

  /** The VTEPs that get every group of IPv4 in a network. */
  public List<String> everyGroup(String network) throws IOException {
    var vteps = new ArrayList<String>();
    groupsOf(network).path("everyGroupIpv4").forEach(vtep -> vteps.add(vtep.asText()));
    return vteps;
  }

  private JsonNode groupsOf(String network) throws IOException {
    for (var each : call(ControlClient.request("multicast")).path("networks")) {
      if (each.path("network").asText().equals(network)) {
        return each;
      }
    }
    return MissingNode.getInstance();
  }

  private JsonNode network(String network) throws IOException {
    for (var each : call(ControlClient.request("networks")).path("networks")) {
      if (each.path("name").asText().equals(network)) {
        return each;
      }
    }
    throw new IOException("the agent does not know the network " + network);
  }

  /** In which network the node has an endpoint of the CNI plugin: {@code CONTAINER/INTERFACE}. */
  public String networkOf(String attachment) throws IOException {
    for (var each : status().path("endpoints")) {
      if (each.path("name").asText().startsWith(attachment + "@")) {
        return each.path("network").asText();
      }
    }
    throw new IOException("the agent does not know the endpoint " + attachment);
  }

  /** True when the node has a route of Type 2 that binds the address to a MAC, of whomever. */
  public boolean announcesHost(IpAddress address) throws IOException {
    for (var route : call(ControlClient.request("routes")).path("routes")) {
      if (route.path("route").asText().matches("\\[2\\] .* " + address.toString() + "( .*)?")) {
        return true;
      }
    }
    return false;
  }

  /** Attaches an endpoint to the node, as {@code eth0} of its own namespace. */
  public Attached attach(EndpointPlace endpoint, String namespace) throws IOException {
    var request = ControlClient.request("attach");
    request.put("endpoint", endpoint.name()).put("network", endpoint.network());
    request.put("netns", NetworkNamespaces.DIRECTORY + "/" + namespace);
    request.put("interface", "eth0");
    var addresses = request.putArray("addresses");
    endpoint.addresses().forEach(address -> addresses.add(address.toString()));
    var prefixes = request.putArray("prefixes");
    endpoint.given().forEach(prefix -> prefixes.add(prefix.toString()));
    endpoint.mac().ifPresent(mac -> request.put("mac", mac.toString()));
    var answer = call(request);
    var given = new ArrayList<IpAddress>();
    for (var address : answer.path("addresses")) {
      given.add(IpAddress.parse(address.asText().replaceFirst("/.*", "")));
    }
    var cluster = new ArrayList<IpAddress>();
    answer
        .path("clusterAddresses")
        .forEach(address -> cluster.add(IpAddress.parse(address.asText())));
    return new Attached(
        endpoint,
        namespace,
        new Vni(answer.path("vni").asInt()),
        MacAddress.parse(answer.path("mac").asText()),
        answer.path("mtu").asInt(),
        given,
        cluster);
  }

  /**
   * Attaches what is behind a link of the node.
   *
   * @param learn nothing is said of it
   */
  public void attachLink(Machine machine, String link, boolean learn) throws IOException {
    var request = ControlClient.request("attach").put("endpoint", machine.name());
    request.put("network", machine.network()).put("link", link);
    if (learn) {
      request.put("learn", true);
    } else {
      request.put("mac", machine.mac().toString());
      request.putArray("addresses").add(machine.address().toString());
    }
    call(request);
  }

  /** True when the node announces the MAC with the address. */
  public boolean hasHost(MacAddress mac, IpAddress address) throws IOException {
    for (var host : call(ControlClient.request("endpoints")).path("hosts")) {
      if (host.path("mac").asText().equals(mac.toString()) && host.path("here").asBoolean()) {
        for (var each : host.path("addresses")) {
          if (each.path("address").asText().equals(address.toString())) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /**
   * One path to a MAC.
   *
   * @param sequence number of its last move (RFC 7432 §7.7); 0 where the route names none
   */
  public record MacPath(IpAddress nextHop, long sequence) {}

  /** The paths to the MAC that the node holds, its own among them, with and without address. */
  public List<MacPath> pathsTo(MacAddress mac) throws IOException {
    var paths = new ArrayList<MacPath>();
    for (var route : call(ControlClient.request("routes")).path("routes")) {
      if (route.path("mac").asText().equals(mac.toString())) {
        var nextHop = IpAddress.parse(route.path("nextHop").asText());
        paths.add(new MacPath(nextHop, route.path("sequence").asLong()));
      }
    }
    return paths;
  }

  public void detach(String endpoint) throws IOException {
    call(ControlClient.request("detach").put("endpoint", endpoint));
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
