package io.weft.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft attach}. */
@Command(
    name = "attach",
    mixinStandardHelpOptions = true,
    description = {
      "Give a network namespace an interface in a network, or put what is behind a tap device, a",
      "link or a VLAN of the node into it."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft attach web-1 --network red-web --netns web-1 --address 192.168.1.10",
      "  weft attach vm-1 --network red-web --tap tap0",
      "  weft attach db-1 --network red-web --link eth1 --mac 52:54:00:00:00:01",
      "  weft attach db-2 --network red-web --link eth2 --vlan 100 --mac 52:54:00:00:00:02",
      "  weft attach hall-1 --network red-web --link eth3 --learn"
    })
final class AttachCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "ENDPOINT", description = "Its name, unique on the node.")
  private String endpoint = "";

  @Option(names = "--network", required = true, paramLabel = "NAME", description = "The network.")
  private String network = "";

  @ArgGroup(multiplicity = "1")
  private Place place = new Place();

  /** Where the endpoint is; exactly one of them. */
  static final class Place {
    @Option(
        names = "--netns",
        paramLabel = "NETNS",
        description = "Name under /run/netns, or path, of the network namespace.")
    private Optional<String> netns = Optional.empty();

    @Option(
        names = "--tap",
        paramLabel = "NAME",
        description = "A tap device, which a virtual machine opens; made if it is missing.")
    private Optional<String> tap = Optional.empty();

    @Option(
        names = "--link",
        paramLabel = "NAME",
        description = "A link of the node, such as a port of a network card.")
    private Optional<String> link = Optional.empty();
  }

  @Option(
      names = "--vlan",
      paramLabel = "ID",
      description = "Only frames with this VLAN's tag on the link, 1 to 4094.")
  private Optional<Integer> vlan = Optional.empty();

  @Option(
      names = "--interface",
      paramLabel = "NAME",
      defaultValue = "eth0",
      description = "Name of the interface inside (default: ${DEFAULT-VALUE}).")
  private String interfaceName = "eth0";

  @Option(
      names = "--address",
      paramLabel = "IP",
      description = {
        "An address in the network's subnets; may be repeated (default: chosen; behind a link:"
            + " none)."
      })
  private List<String> addresses = List.of();

  @Option(
      names = "--mac",
      paramLabel = "MAC",
      description =
          "MAC address (default: derived; behind a link it must be named, or all is learned).")
  private Optional<String> mac = Optional.empty();

  @Option(
      names = "--learn",
      description = {
        "Who is behind it is learned from what it sends, beside what is named here; its port is"
            + " open",
        "to any MAC. With --sticky, whom it has heard never moves."
      })
  private boolean learn;

  @Option(names = "--sticky", description = "The MAC never moves to another node.")
  private boolean sticky;

  @Option(
      names = "--prefix",
      paramLabel = "PREFIX",
      description = "What is reached through it, a router; may be repeated.")
  private List<String> prefixes = List.of();

  @Option(
      names = "--claim",
      paramLabel = "NAME",
      description =
          "Addresses and MAC are kept under this name, here or on another node, until it is deleted"
              + " (weft addresses delete).")
  private Optional<String> claim = Optional.empty();

  @Option(
      names = "--standby",
      description =
          "With --claim: beside the holder on another node, without frames until it is made active"
              + " (weft addresses activate) or is the only one.")
  private boolean standby;

  @Override
  public Integer call() throws IOException {
    var request = AgentCall.request("attach").put("endpoint", endpoint).put("network", network);
    place.netns.ifPresent(netns -> request.put("netns", netns).put("interface", interfaceName));
    place.tap.ifPresent(tap -> request.put("tap", tap));
    place.link.ifPresent(link -> request.put("link", link));
    vlan.ifPresent(id -> request.put("vlan", id));
    mac.ifPresent(text -> request.put("mac", text));
    claim.ifPresent(text -> request.put("claim", text));
    if (standby) {
      request.put("standby", true);
    }
    if (learn) {
      request.put("learn", true);
    }
    if (sticky) {
      request.put("sticky", true);
    }
    var array = request.putArray("addresses");
    addresses.forEach(array::add);
    if (!prefixes.isEmpty()) {
      var behind = request.putArray("prefixes");
      prefixes.forEach(behind::add);
    }
    var answer = agent.call(request);
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
    } else {
      out.printf(
          "%s attached to %s: VNI %s, MAC %s, addresses %s, %sMTU %s%n",
          endpoint,
          network,
          answer.path("vni"),
          answer.has("mac") ? answer.path("mac").asText() : "learned",
          Texts.joined(answer.path("addresses")),
          answer.path("gateways").isEmpty()
              ? ""
              : "gateway " + Texts.joined(answer.path("gateways")) + ", ",
          answer.path("mtu"));
    }
    return 0;
  }
}
