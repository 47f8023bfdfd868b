package io.weft.linux.netlink;

import java.util.Optional;

/** From a request to its message: which type, which flags, which layout. */
final class RequestCodec {
  private static final int CREATE = Uapi.NLM_F_CREATE | Uapi.NLM_F_EXCL;
  private static final int PUT = Uapi.NLM_F_CREATE | Uapi.NLM_F_REPLACE;

  private RequestCodec() {}

  /** Writes the message without asking for an acknowledgement; returns its place. */
  static int write(MessageWriter out, Request request, int sequence) {
    int at = out.begin(type(request), Uapi.NLM_F_REQUEST | flags(request), sequence);
    writeBody(out, request);
    out.end(at);
    return at;
  }

  private static int type(Request request) {
    return switch (request) {
      case Request.CreateBridge _,
          Request.CreateVxlan _,
          Request.CreateVeth _,
          Request.CreateVlan _,
          Request.SetBridgeMulticast _,
          Request.SetBridgeLearned _,
          Request.SetBridgePort _,
          Request.SetUnicastFlood _ ->
          Uapi.RTM_NEWLINK;
      case Request.PutMdb _ -> Uapi.RTM_NEWMDB;
      case Request.DeleteMdb _ -> Uapi.RTM_DELMDB;
      case Request.SetLink _, Request.SetLinkGroup _, Request.MoveLink _, Request.RenameLink _ ->
          Uapi.RTM_SETLINK;
      case Request.DeleteLink _ -> Uapi.RTM_DELLINK;
      case Request.AddAddress _ -> Uapi.RTM_NEWADDR;
      case Request.DeleteAddress _ -> Uapi.RTM_DELADDR;
      case Request.AddRoute _, Request.ReplaceRoute _ -> Uapi.RTM_NEWROUTE;
      case Request.DeleteRoute _ -> Uapi.RTM_DELROUTE;
      case Request.AddRule _ -> Uapi.RTM_NEWRULE;
      case Request.DeleteRule _ -> Uapi.RTM_DELRULE;
      case Request.PutFdb _, Request.AppendFdb _, Request.PutNeighbour _ -> Uapi.RTM_NEWNEIGH;
      case Request.DeleteFdb _, Request.DeleteNeighbour _ -> Uapi.RTM_DELNEIGH;
    };
  }

  private static int flags(Request request) {
    return switch (request) {
      case Request.CreateBridge _,
          Request.CreateVxlan _,
          Request.CreateVeth _,
          Request.CreateVlan _,
          Request.AddAddress _,
          Request.AddRule _,
          Request.AddRoute _ ->
          CREATE;
      case Request.ReplaceRoute _, Request.PutFdb _, Request.PutMdb _, Request.PutNeighbour _ ->
          PUT;
      case Request.AppendFdb _ -> Uapi.NLM_F_CREATE | Uapi.NLM_F_APPEND;
      case Request.SetLink _,
          Request.SetLinkGroup _,
          Request.DeleteRule _,
          Request.RenameLink _,
          Request.MoveLink _,
          Request.SetBridgePort _,
          Request.SetUnicastFlood _,
          Request.SetBridgeMulticast _,
          Request.SetBridgeLearned _,
          Request.DeleteMdb _,
          Request.DeleteLink _,
          Request.DeleteAddress _,
          Request.DeleteRoute _,
          Request.DeleteFdb _,
          Request.DeleteNeighbour _ ->
          0;
    };
  }

  private static void writeBody(MessageWriter out, Request request) {
    switch (request) {
      case Request.CreateBridge bridge -> LinkCodec.writeBridge(out, bridge);
      case Request.CreateVxlan vxlan -> LinkCodec.writeVxlan(out, vxlan);
      case Request.CreateVeth veth -> LinkCodec.writeVeth(out, veth);
      case Request.CreateVlan vlan -> LinkCodec.writeVlan(out, vlan);
      case Request.SetLink(int link, LinkSettings changes) -> {
        LinkCodec.writeHeader(out, link, changes.up());
        LinkCodec.writeSettings(out, changes);
      }
      case Request.SetLinkGroup(int link, int group) -> {
        LinkCodec.writeHeader(out, link, Optional.empty());
        out.attributeU32(Uapi.IFLA_GROUP, group);
      }
      case Request.AddRule(Rule rule) -> RuleCodec.write(out, rule);
      case Request.DeleteRule(Rule rule) -> RuleCodec.write(out, rule);
      case Request.RenameLink(int link, String name) -> {
        LinkCodec.writeHeader(out, link, Optional.empty());
        out.attribute(Uapi.IFLA_IFNAME, name);
      }
      case Request.MoveLink(int link, var namespace, var name) -> {
        LinkCodec.writeHeader(out, link, Optional.empty());
        out.attribute(Uapi.IFLA_IFNAME, name);
        out.attributeU32(Uapi.IFLA_NET_NS_FD, namespace.number());
      }
      case Request.SetBridgeMulticast bridge -> LinkCodec.writeBridgeMulticast(out, bridge);
      case Request.SetBridgeLearned bridge -> LinkCodec.writeBridgeLearned(out, bridge);
      case Request.PutMdb(MdbEntry entry) -> MdbCodec.write(out, entry);
      case Request.DeleteMdb(MdbEntry entry) -> MdbCodec.write(out, entry);
      case Request.SetBridgePort port -> LinkCodec.writeBridgePort(out, port);
      case Request.SetUnicastFlood flood -> LinkCodec.writeUnicastFlood(out, flood);
      case Request.DeleteLink(int link) -> LinkCodec.writeHeader(out, link, Optional.empty());
      case Request.AddAddress(Address address) -> AddressCodec.write(out, address);
      case Request.DeleteAddress(Address address) -> AddressCodec.write(out, address);
      case Request.AddRoute(Route route) -> RouteCodec.write(out, route, false);
      case Request.ReplaceRoute(Route route) -> RouteCodec.write(out, route, false);
      case Request.DeleteRoute(Route route) -> RouteCodec.write(out, route, true);
      case Request.PutFdb(FdbEntry entry) -> NeighbourCodec.writeFdb(out, entry);
      case Request.AppendFdb(FdbEntry entry) -> NeighbourCodec.writeFdb(out, entry);
      case Request.DeleteFdb(FdbEntry entry) -> NeighbourCodec.writeFdb(out, entry);
      case Request.PutNeighbour(Neighbour neighbour) ->
          NeighbourCodec.writeNeighbour(out, neighbour);
      case Request.DeleteNeighbour(Neighbour neighbour) ->
          NeighbourCodec.writeNeighbour(out, neighbour);
    }
  }
}
