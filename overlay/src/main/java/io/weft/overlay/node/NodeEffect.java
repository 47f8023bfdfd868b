package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.ipam.AddressWrite;
import java.util.List;

/** What a node wants done, in this order. */
public sealed interface NodeEffect {
  /** Connect, send or close: never a route, those end in the node. */
  record Bgp(SpeakerEffect effect) implements NodeEffect {}

  /** Send or close, on a connection with an endpoint of the network. */
  record EndpointBgp(String network, SpeakerEffect effect) implements NodeEffect {}

  /** Endpoints may connect here, and nowhere else; those that are connected stay. */
  record ListenToEndpoints(List<EndpointListener> listeners) implements NodeEffect {
    public ListenToEndpoints {
      listeners = List.copyOf(listeners);
    }
  }

  /** Tell by HostsHeard who is heard behind these ports, and behind no others. */
  record ListenToPorts(List<LearningPort> ports) implements NodeEffect {
    public ListenToPorts {
      ports = List.copyOf(ports);
    }
  }

  /** Ask these; answers are heard as anything else. */
  record AskHosts(List<HostQuestion> questions) implements NodeEffect {
    public AskHosts {
      questions = List.copyOf(questions);
    }
  }

  /** Say to the endpoints of this node who has these addresses now (RFC 9135 §7.1). */
  record TellHosts(List<HostBinding> bindings) implements NodeEffect {
    public TellHosts {
      bindings = List.copyOf(bindings);
    }
  }

  /** Write to the kernel; answer ChangesApplied. One batch at a time. */
  record ApplyChanges(long batch, List<KernelChange> changes) implements NodeEffect {
    public ApplyChanges {
      changes = List.copyOf(changes);
    }
  }

  /** Answer an attach call. */
  record ReplyToAttach(long request, AttachResult result) implements NodeEffect {}

  /** Answer a detach call: gone from the kernel, or it never was there. */
  record ReplyToDetach(long request, boolean wasAttached) implements NodeEffect {}

  /** Answer a detach call that was not taken: nothing was done, and it must be made again. */
  record RefuseDetach(long request, String why) implements NodeEffect {}

  /** Change the store of addresses; answer AddressesSeen and then AddressWritten. */
  record WriteAddress(AddressWrite write) implements NodeEffect {}

  /** Answer such a call; {@code refusal} is empty when it was done. */
  record ReplyToAddresses(long request, String refusal) implements NodeEffect {}

  /** Something that a person should know; {@code subject} names the object or peer. */
  record Report(String subject, String text) implements NodeEffect {}
}
