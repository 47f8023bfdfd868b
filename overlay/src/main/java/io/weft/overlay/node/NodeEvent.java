package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What happened to a node. */
public sealed interface NodeEvent {
  /** The intent as a whole, whenever some of it changed. */
  record IntentChanged(NodeIntent intent) implements NodeEvent {}

  /**
   * What is below; empty with the reason while no VTEP address is known. The reason also says why
   * one of two is not.
   */
  record UnderlayChanged(Optional<Underlay> underlay, String reason) implements NodeEvent {}

  /** A full dump of what is ours in the kernel: at the start, and when notices were lost. */
  record KernelObserved(List<ForwardingObject> objects) implements NodeEvent {
    public KernelObserved {
      objects = List.copyOf(objects);
    }
  }

  /** Someone else changed objects of ours. */
  record KernelChanged(List<Observation> observations) implements NodeEvent {
    public KernelChanged {
      observations = List.copyOf(observations);
    }
  }

  /**
   * Who has joined which multicast group on a bridge of ours, in place of what was known of it.
   *
   * @param ports by group or source of one, the names of the ports that have joined it
   */
  record GroupsSeen(Segment segment, SortedMap<MulticastChannel, SortedSet<String>> ports)
      implements NodeEvent {
    public GroupsSeen {
      ports = Collections.unmodifiableSortedMap(new TreeMap<>(ports));
    }
  }

  /**
   * What stands under a key now.
   *
   * @param consequence of what we did ourselves, or of a link of the node going down: nobody laid
   *     hands on it
   */
  record Observation(ForwardingKey key, Optional<ForwardingObject> object, boolean consequence) {
    /** Someone else's doing. */
    public Observation(ForwardingKey key, Optional<ForwardingObject> object) {
      this(key, object, false);
    }
  }

  /** The batch was worked through; all changes but the refused ones took effect. */
  record ChangesApplied(long batch, List<Refusal> refused) implements NodeEvent {
    public ChangesApplied {
      refused = List.copyOf(refused);
    }
  }

  /** Someone asks for an interface; numbers below zero are the node's own. */
  record AttachRequested(long request, AttachRequest attach) implements NodeEvent {}

  /** Someone gives an interface back; one that the kernel may hold, once the node has started. */
  record DetachRequested(long request, String endpoint) implements NodeEvent {}

  /** Links have come to the namespace of the underlay, by their names. */
  record LinksAppeared(SortedSet<String> names) implements NodeEvent {
    public LinksAppeared {
      names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }
  }

  /** The node's own part of the cluster's subnets, in place of what was known of it. */
  record PodCidrsSeen(List<IpPrefix> podCidrs) implements NodeEvent {
    public PodCidrsSeen {
      podCidrs = List.copyOf(podCidrs);
    }
  }

  /**
   * The store of addresses was read: all that it holds.
   *
   * @param copy it does not answer, and this is what a former agent kept of it (decisions/0028)
   */
  record AddressesSeen(AddressState state, boolean copy) implements NodeEvent {
    /** What it says itself. */
    public AddressesSeen(AddressState state) {
      this(state, false);
    }
  }

  /** The store of addresses cannot be read; what it held before still counts. */
  record AddressesUnreadable(String reason) implements NodeEvent {}

  /** A change was tried; what the store held afterwards was told before, where it could be read. */
  record AddressWritten(AddressWrite write, AddressWrite.Outcome outcome) implements NodeEvent {}

  /** Someone wants the store of addresses changed, without an endpoint. */
  record AddressesRequested(long request, AddressRequest wanted) implements NodeEvent {}

  /** Somebody was heard behind ports that learn, in the order of hearing. */
  record HostsHeard(List<Sighting> seen) implements NodeEvent {
    public HostsHeard {
      seen = List.copyOf(seen);
    }
  }

  /** Something happened to the speaker. */
  record Bgp(SpeakerEvent event) implements NodeEvent {}

  /** Something happened between a network and an endpoint that speaks BGP with it. */
  record EndpointBgp(String network, SpeakerEvent event) implements NodeEvent {}

  /**
   * The node is to be taken out of the overlay, or back into it; before the start too: then it
   * begins so.
   */
  record DrainChanged(boolean drained) implements NodeEvent {}

  /** The time that {@link Node#nextDeadline} named has come. */
  record DeadlineReached() implements NodeEvent {}
}
