package io.weft.overlay.node;

import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.AddressWrite.Outcome;
import io.weft.overlay.ipam.Stored;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/**
 * What a node does with the store of addresses: one write of a record at a time, and on its own
 * account it gives back what it does not need. Blocks and claims it takes only for an endpoint.
 */
final class Addressing {
  /**
   * A block in which nobody has an address is given back after ten minutes: no sooner, so that an
   * address is not another's at once, and pods that come and go need no write.
   */
  static final long IDLE_NANOS = 600_000_000_000L;

  /** After a write that failed, the next attempt on its own account. */
  private static final long RETRY_NANOS = 10_000_000_000L;

  private final AddressBook book;
  private final Effects effects;
  private final TreeMap<String, AddressWrite> inFlight = new TreeMap<>();
  private final TreeMap<String, Long> idleSince = new TreeMap<>();
  private final List<Call> calls = new ArrayList<>();
  private String failure = "";
  private boolean changed;
  private boolean seen;
  private OptionalLong retryAt = OptionalLong.empty();

  /** A call that is answered when nothing of it is in flight. */
  private record Call(long request, List<String> writes, List<String> refusals) {}

  Addressing(AddressBook book, Effects effects) {
    this.book = book;
    this.effects = effects;
  }

  AddressBook book() {
    return book;
  }

  /** Why the store cannot be used now; empty while it can. */
  String failure() {
    return failure;
  }

  private static String key(AddressWrite write) {
    var record = write.record();
    return (record instanceof AddressBlock ? "block " : "claim ") + record.name();
  }

  // ---- events -----------------------------------------------------------------------------

  void see(NodeEvent.AddressesSeen event) {
    see(event.state(), event.copy());
  }

  private void see(AddressState state, boolean copy) {
    failure = "";
    book.see(state, copy);
    inFlight.values().forEach(this::expect);
    changed = true;
    seen = true;
  }

  /**
   * However old the picture is: what is being claimed is nobody else's, and what is being given
   * back may be another's already.
   */
  private void expect(AddressWrite write) {
    switch (write) {
      case AddressWrite.Create(AddressClaim claim) -> book.reserve(claim);
      case AddressWrite.Remove(AddressBlock block, _) -> book.leave(block);
      default -> {}
    }
  }

  void unreadable(String reason) {
    if (!reason.equals(failure)) {
      failure = reason;
      effects.report("addresses", reason);
    }
  }

  /** A write has ended. */
  void written(long now, AddressWrite write, Outcome outcome) {
    inFlight.remove(key(write));
    changed = true;
    var refusal = "";
    switch (outcome) {
      case Outcome.Done() -> {
        if (write.record() instanceof AddressBlock block) {
          effects.report(
              "network " + block.network(),
              "block "
                  + block.prefix()
                  + (write instanceof AddressWrite.Remove ? " is given back" : " is this node's"));
        }
      }
      case Outcome.Refused() -> {
        book.state()
            .ifPresent(state -> see(state, book.isCopy())); // without what was expected of it
        refusal = write.record().name() + " was changed meanwhile";
      }
      case Outcome.Failed(var reason) -> {
        refusal = reason;
        unreadable(reason);
        retryAt = OptionalLong.of(now + RETRY_NANOS);
      }
    }
    for (var call : calls) {
      if (call.writes().remove(key(write)) && !refusal.isEmpty()) {
        call.refusals().add(refusal);
      }
    }
    answer();
  }

  /** The endpoints of the node have changed. */
  void change() {
    changed = true;
  }

  // ---- writes -----------------------------------------------------------------------------

  /** Asks for the write, unless one of the same record is under way. */
  void want(AddressWrite write) {
    if (inFlight.putIfAbsent(key(write), write) == null) {
      expect(write);
      effects.add(new NodeEffect.WriteAddress(write));
    }
  }

  /** The write of the claim that is under way. */
  Optional<AddressWrite> changing(AddressClaim claim) {
    return Optional.ofNullable(inFlight.get("claim " + claim.name()));
  }

  /** What a call waits on that needs the write. */
  static String waitsOn(AddressWrite write) {
    return key(write);
  }

  /**
   * Gives back what nobody needs: blocks after a while, and what this node holds of claims for an
   * endpoint that is not there.
   *
   * <p>What endpoints have already, from before there was a store, it takes into blocks.
   *
   * @param attached the endpoints of the node
   * @param present true for the name of an endpoint that is attached with the claim's addresses, or
   *     about to be, or not gone
   */
  void settle(long now, Collection<Endpoint> attached, BiPredicate<String, AddressClaim> present) {
    boolean retry = retryAt.isPresent() && now - retryAt.getAsLong() >= 0;
    var due = nextIdle();
    if (book.state().isEmpty()
        || !changed && !retry && (due.isEmpty() || now - due.getAsLong() < 0)) {
      return;
    }
    changed = false;
    if (retryAt.isPresent() && !retry) {
      return; // nothing on its own account while the store fails
    }
    retryAt = OptionalLong.empty();
    if (seen) {
      attached.forEach(this::adopt);
    }
    seen = false;
    releaseIdle(now);
    for (var stored : book.held()) {
      for (var holder : stored.record().holders()) {
        if (holder.node().equals(book.node())
            && !present.test(holder.endpoint(), stored.record())) {
          want(new AddressWrite.Replace(stored.record().without(holder), stored.version()));
        }
      }
    }
  }

  private void adopt(Endpoint endpoint) {
    for (var host : endpoint.addresses()) {
      if (book.fix(endpoint.network(), host.prefix(), host.address())
          instanceof AddressBook.Choice.Needs(var block)) {
        want(new AddressWrite.Create(block));
      }
    }
  }

  private void releaseIdle(long now) {
    var idle = new TreeMap<String, Stored<AddressBlock>>();
    book.idle().forEach(stored -> idle.put(stored.record().name(), stored));
    idleSince.keySet().retainAll(idle.keySet());
    for (var stored : idle.values()) {
      var since = idleSince.computeIfAbsent(stored.record().name(), _ -> now);
      // Two nodes cut the subnet in different ways at once: whoever comes to see it steps back.
      if (now - since >= IDLE_NANOS || book.rival(stored.record()).isPresent()) {
        want(new AddressWrite.Remove(stored.record(), stored.version()));
      }
    }
  }

  /** For how long nobody has had an address of this node's block. */
  OptionalLong idleSeconds(AddressBlock block, long now) {
    var since = idleSince.get(block.name());
    return since == null ? OptionalLong.empty() : OptionalLong.of((now - since) / 1_000_000_000L);
  }

  private OptionalLong nextIdle() {
    if (idleSince.isEmpty()) {
      return OptionalLong.empty();
    }
    return idleSince.entrySet().stream()
        .filter(entry -> !inFlight.containsKey("block " + entry.getKey()))
        .mapToLong(entry -> entry.getValue() + IDLE_NANOS)
        .min();
  }

  OptionalLong nextDeadline() {
    return retryAt.isPresent() ? retryAt : nextIdle();
  }

  // ---- calls ------------------------------------------------------------------------------

  void request(long request, AddressRequest wanted) {
    var call = new Call(request, new ArrayList<>(), new ArrayList<>());
    if (!book.isStored()) {
      call.refusals().add(NO_STORE);
    } else if (book.state().isEmpty()) {
      call.refusals().add(unread());
    } else {
      switch (wanted) {
        case AddressRequest.DeleteClaim(var name) -> delete(call, name);
        case AddressRequest.ActivateClaim(var name, var node) -> activate(call, name, node);
        case AddressRequest.ReleaseNode(var node) -> release(call, node);
      }
    }
    calls.add(call);
    answer();
  }

  /** What is missing where there is no store. */
  static final String NO_STORE =
      "this node has no store of addresses: start it with --addresses DIR, the same on all nodes,"
          + " or with the Kubernetes API";

  /** Why nothing can be said of addresses yet. */
  String unread() {
    return "the store of addresses has not been read yet"
        + (failure.isEmpty() ? "" : ": " + failure);
  }

  private void delete(Call call, String name) {
    var stored = Optional.ofNullable(state().claims().get(name));
    if (stored.isEmpty()) {
      call.refusals().add("there is no claim '" + name + "'");
      return;
    }
    var holders = stored.get().record().holders();
    if (!holders.isEmpty()) {
      call.refusals().add("claim '%s' is held by %s; detach it first".formatted(name, holders));
      return;
    }
    write(call, new AddressWrite.Remove(stored.get().record(), stored.get().version()));
  }

  private void activate(Call call, String name, String node) {
    var stored = Optional.ofNullable(state().claims().get(name));
    var holder =
        stored.stream()
            .flatMap(s -> s.record().holders().stream())
            .filter(h -> h.node().equals(node))
            .findFirst();
    if (stored.isEmpty() || holder.isEmpty()) {
      call.refusals()
          .add(
              stored.isEmpty()
                  ? "there is no claim '" + name + "'"
                  : "claim '%s' is held by %s, not on node %s"
                      .formatted(name, stored.get().record().holders(), node));
    } else if (!holder.equals(stored.get().record().active())) {
      var next = stored.get().record().activate(holder.get());
      write(call, new AddressWrite.Replace(next, stored.get().version()));
    }
  }

  private void release(Call call, String node) {
    if (node.equals(book.node())) {
      call.refusals().add("'" + node + "' is this node, and it is not gone");
      return;
    }
    for (var stored : state().blocks().values()) {
      if (stored.record().node().equals(node)) {
        write(call, new AddressWrite.Remove(stored.record(), stored.version()));
      }
    }
    for (var stored : state().claims().values()) {
      var left = stored.record();
      for (var holder : stored.record().holders()) {
        left = holder.node().equals(node) ? left.without(holder) : left;
      }
      if (!left.equals(stored.record())) {
        write(call, new AddressWrite.Replace(left, stored.version()));
      }
    }
  }

  private AddressState state() {
    return book.state().orElseThrow();
  }

  private void write(Call call, AddressWrite write) {
    if (inFlight.containsKey(key(write))) {
      call.refusals().add(write.record().name() + " is being changed; try again");
      return;
    }
    call.writes().add(key(write));
    want(write);
  }

  private void answer() {
    for (var call : List.copyOf(calls)) {
      if (call.writes().isEmpty()) {
        calls.remove(call);
        effects.add(
            new NodeEffect.ReplyToAddresses(call.request(), String.join("; ", call.refusals())));
      }
    }
  }
}
