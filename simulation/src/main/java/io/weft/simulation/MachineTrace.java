package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.util.ArrayList;
import java.util.List;

/** What happened to one machine; it is written by whoever thinks for the machine just then. */
class MachineTrace {
  /** Something that has a text; {@code nanos} since the world began. */
  record Line(long nanos, String what) {}

  private final List<Line> lines = new ArrayList<>();
  private long nanos;

  /** What follows happens at this time, in nanoseconds since the world began. */
  final void at(long now) {
    nanos = now;
  }

  final long now() {
    return nanos;
  }

  /** What was added since this was asked last and has a text. */
  final List<Line> taken() {
    if (lines.isEmpty()) {
      return List.of();
    }
    var taken = List.copyOf(lines);
    lines.clear();
    return taken;
  }

  /** Octets came; what they mean comes as an event. */
  void delivered(long connection, byte[] octets) {}

  void add(String what) {
    lines.add(new Line(nanos, what));
  }

  void event(NodeEvent event) {
    switch (event) {
      case NodeEvent.Bgp(var bgp) -> event(bgp);
      case NodeEvent.IntentChanged(var intent) ->
          add("<- intent of " + intent.networks().size() + " networks");
      case NodeEvent.KernelObserved(var objects) ->
          add("<- kernel holds " + objects.size() + " objects");
      case NodeEvent.AddressesSeen(var state, _) ->
          add("<- %d blocks, %d claims".formatted(state.blocks().size(), state.claims().size()));
      case NodeEvent.UnderlayChanged _,
          NodeEvent.KernelChanged _,
          NodeEvent.ChangesApplied _,
          NodeEvent.AttachRequested _,
          NodeEvent.DetachRequested _,
          NodeEvent.LinksAppeared _,
          NodeEvent.GroupsSeen _,
          NodeEvent.PodCidrsSeen _,
          NodeEvent.AddressesUnreadable _,
          NodeEvent.AddressWritten _,
          NodeEvent.AddressesRequested _,
          NodeEvent.DrainChanged _,
          NodeEvent.EndpointBgp _,
          NodeEvent.HostsHeard _,
          NodeEvent.DeadlineReached _ ->
          add("<- " + event);
    }
  }

  void event(SpeakerEvent event) {
    switch (event) {
      case SpeakerEvent.MessageReceived(long connection, Decoded.Good(var message)) ->
          add("<- #" + connection + " " + text(message));
      case SpeakerEvent.MessageReceived(long connection, Decoded.Fatal(_, var reason)) ->
          add("<- #" + connection + " undecodable: " + reason);
      case SpeakerEvent.PathFailed _,
          SpeakerEvent.ConfigChanged _,
          SpeakerEvent.Connected _,
          SpeakerEvent.ConnectFailed _,
          SpeakerEvent.Accepted _,
          SpeakerEvent.Disconnected _,
          SpeakerEvent.RoutesOriginated _,
          SpeakerEvent.OriginatedRoutesRemoved _,
          SpeakerEvent.OriginationCompleted _,
          SpeakerEvent.ImportTargetsChanged _,
          SpeakerEvent.DeadlineReached _ ->
          add("<- " + event);
    }
  }

  void effect(NodeEffect effect) {
    switch (effect) {
      case NodeEffect.Bgp(var bgp) -> effect(bgp);
      case NodeEffect.ApplyChanges(long batch, var changes) -> {
        for (var change : changes) {
          add("-> batch " + batch + " " + text(change));
        }
      }
      case NodeEffect.ReplyToAttach _,
          NodeEffect.ReplyToDetach _,
          NodeEffect.RefuseDetach _,
          NodeEffect.WriteAddress _,
          NodeEffect.ReplyToAddresses _,
          NodeEffect.EndpointBgp _,
          NodeEffect.ListenToEndpoints _,
          NodeEffect.ListenToPorts _,
          NodeEffect.AskHosts _,
          NodeEffect.TellHosts _,
          NodeEffect.Report _ ->
          add("-> " + effect);
    }
  }

  void effect(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Send(long connection, var messages) -> {
        for (var message : messages) {
          add("-> #" + connection + " " + text(message));
        }
      }
      case SpeakerEffect.Connect _,
          SpeakerEffect.Close _,
          SpeakerEffect.BestPathChanged _,
          SpeakerEffect.PeerUp _,
          SpeakerEffect.PeerDown _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ ->
          add("-> " + effect);
    }
  }

  private static String text(KernelChange change) {
    return switch (change) {
      case KernelChange.Put(var object) -> "put " + object;
      case KernelChange.Remove(var object) -> "remove " + object.key();
    };
  }

  private static String text(Message message) {
    return switch (message) {
      case Message.Update update when update.endOfRib().isPresent() -> "UPDATE End-of-RIB";
      case Message.Update update ->
          "UPDATE withdraws " + update.withdrawn() + " announces " + update.announced();
      case Message.Open open -> "OPEN " + open.as() + " " + open.routerId();
      case Message.Notification said -> "NOTIFICATION " + said.code() + "/" + said.subcode();
      case Message.Keepalive _ -> "KEEPALIVE";
      case Message.RouteRefresh _ -> "ROUTE-REFRESH";
    };
  }
}
