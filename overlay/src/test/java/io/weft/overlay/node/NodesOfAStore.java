package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.Stored;
import java.util.List;

/** Nodes that share the addresses of a network by a store. */
abstract class NodesOfAStore {
  static final NetworkIntent WEB = network("web", "red", 100);
  static final NetworkIntent SMALL = network("web", "red", 100, "192.168.1.0/28");
  static final long MINUTE = 60_000_000_000L;
  final SharedStore store = new SharedStore();

  static NodeConfig config(String name, AddressConfig addresses) {
    return new NodeConfig(name, "weft-", 1000).withAddresses(addresses);
  }

  OneNode node(String name, NetworkIntent... networks) {
    return start(new OneNode(config(name, new AddressConfig(true, List.of()))), networks);
  }

  OneNode start(OneNode node, NetworkIntent... networks) {
    node.give(new NodeEvent.AddressesSeen(store.read()));
    node.start(networks);
    return node;
  }

  /** The node was killed: what it knew is gone, what stands in the kernel is there. */
  OneNode again(OneNode killed, String name, NetworkIntent... networks) {
    var next = new OneNode(config(name, new AddressConfig(true, List.of())));
    next.kernel.putAll(killed.kernel);
    next.now = killed.now;
    return start(next, networks);
  }

  Attached attach(OneNode node, String endpoint, String... addresses) {
    long call = node.attach(request(endpoint, "web", addresses));
    store.serveAll(node);
    return attached(node.answer(call));
  }

  AttachResult claim(OneNode node, String endpoint, String claim, String... addresses) {
    long call = node.attach(request(endpoint, "web", addresses).withClaim(claim, false));
    store.serveAll(node);
    return node.answer(call);
  }

  static Attached attached(AttachResult result) {
    assertThat(result).isInstanceOf(Attached.class);
    return (Attached) result;
  }

  static void refused(AttachResult result, Reason reason, String... words) {
    assertThat(result).isInstanceOf(Refused.class);
    assertThat(((Refused) result).reason()).isEqualTo(reason);
    assertThat(((Refused) result).message()).contains(words);
  }

  static IpAddress first(Attached attached) {
    return attached.addresses().getFirst().address();
  }

  List<AddressBlock> blocks() {
    return store.read().blocks().values().stream().map(Stored::record).toList();
  }

  AddressClaim claimNamed(String name) {
    return store.read().claims().get(name).record();
  }
}
