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

/** What happened, line by line: seconds, who, what. Two runs are the same if their traces are. */
class Trace {
  private final Timeline timeline;
  private final List<String> lines = new ArrayList<>();

  Trace(Timeline timeline) {
    this.timeline = timeline;
  }

  /** Nanoseconds since the world began. */
  final long now() {
    return timeline.now();
  }

  /** Octets came to a machine; what they mean comes as an event. */
  void delivered(String who, long connection, byte[] octets) {}

  List<String> lines() {
    return List.copyOf(lines);
  }

  void add(String who, String what) {
    long now = timeline.now();
    lines.add("%d.%09d %s %s".formatted(now / 1_000_000_000L, now % 1_000_000_000L, who, what));
  }

  void event(String who, NodeEvent event) {
    switch (event) {
      case NodeEvent.Bgp(var bgp) -> event(who, bgp);
      case NodeEvent.IntentChanged(var intent) ->
          add(who, "<- intent of " + intent.networks().size() + " networks");
      case NodeEvent.KernelObserved(var objects) ->
          add(who, "<- kernel holds " + objects.size() + " objects");
      case NodeEvent.AddressesSeen(var state, _) ->
          add(
              who,
              "<- %d blocks, %d claims".formatted(state.blocks().size(), state.claims().size()));
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
          add(who, "<- " + event);
    }
  }

  void event(String who, SpeakerEvent event) {
    switch (event) {
      case SpeakerEvent.MessageReceived(long connection, Decoded.Good(var message)) ->
          add(who, "<- #" + connection + " " + text(message));
      case SpeakerEvent.MessageReceived(long connection, Decoded.Fatal(_, var reason)) ->
          add(who, "<- #" + connection + " undecodable: " + reason);
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
          add(who, "<- " + event);
    }
  }

  void effect(String who, NodeEffect effect) {
    switch (effect) {
      case NodeEffect.Bgp(var bgp) -> effect(who, bgp);
      case NodeEffect.ApplyChanges(long batch, var changes) -> {
        for (var change : changes) {
          add(who, "-> batch " + batch + " " + text(change));
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
          add(who, "-> " + effect);
    }
  }

  void effect(String who, SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Send(long connection, var messages) -> {
        for (var message : messages) {
          add(who, "-> #" + connection + " " + text(message));
        }
      }
      case SpeakerEffect.Connect _,
          SpeakerEffect.Close _,
          SpeakerEffect.BestPathChanged _,
          SpeakerEffect.PeerUp _,
          SpeakerEffect.PeerDown _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ ->
          add(who, "-> " + effect);
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
