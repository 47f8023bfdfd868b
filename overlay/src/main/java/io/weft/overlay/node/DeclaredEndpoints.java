package io.weft.overlay.node;

import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.node.NodeView.WaitingView;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Endpoints that resources declare: a caller within the node, which attaches what is declared and
 * detaches what no longer is. What cannot be is told with its reason and tried again; a changed one
 * that cannot be stays as it was, and none of them hurts another. That an endpoint is declared is
 * kept in the kernel with it, so that one whose resource went while no agent ran goes at the next
 * start.
 */
final class DeclaredEndpoints {
  /** What was refused is tried again after so long: an address may be free by then. */
  static final long RETRY_NANOS = 2_000_000_000L;

  private static final String NOT_YET = "the kernel has yet to follow";

  private final EndpointLifecycle endpoints;
  private final Effects effects;
  private final TreeMap<String, AttachRequest> wanted = new TreeMap<>();
  private DeclaredIntent intent = DeclaredIntent.NONE;

  /** Our attach calls that are not answered yet, by their endpoints. */
  private final TreeMap<String, NodeEvent.AttachRequested> calls = new TreeMap<>();

  private final TreeMap<String, String> problems = new TreeMap<>();
  private long numbers;
  private boolean unsettled;
  private long retryAt;

  DeclaredEndpoints(EndpointLifecycle endpoints, Effects effects) {
    this.endpoints = endpoints;
    this.effects = effects;
  }

  /** From now on these are declared, and no others. */
  void change(DeclaredIntent next) {
    wanted.clear();
    next.endpoints().forEach(request -> wanted.put(request.endpoint(), request));
    intent = next;
    unsettled = true;
  }

  /** What could not be may be possible now. */
  void tryAgain() {
    unsettled = true;
  }

  /**
   * Brings what stands towards what is declared; call it after every event.
   *
   * @return false when there was nothing to do
   */
  boolean settle(long now) {
    if (!unsettled && (problems.isEmpty() || now - retryAt < 0)) {
      return false;
    }
    unsettled = false;
    retryAt = now + RETRY_NANOS;
    problems.keySet().removeIf(name -> !wanted.containsKey(name) && !isKept(name));
    for (var name : List.copyOf(calls.keySet())) {
      if (!wanted.containsKey(name)) {
        giveUp(name);
      }
    }
    for (var standing : List.copyOf(endpoints.all())) {
      if (standing.declared() && !wanted.containsKey(standing.name())) {
        leave(standing);
      }
    }
    wanted.values().forEach(this::settle);
    return true;
  }

  private boolean isKept(String name) {
    return intent.mayDeclare(name) && endpoints.find(name).filter(Endpoint::declared).isPresent();
  }

  private void leave(Endpoint standing) {
    if (intent.mayDeclare(standing.name())) {
      report(standing.name(), "its resource may be among those that cannot be read; it stays");
    } else {
      endpoints.forget(standing);
    }
  }

  private void settle(AttachRequest request) {
    var name = request.endpoint();
    var call = calls.get(name);
    if (call != null && !call.attach().equals(request)) {
      giveUp(name);
    }
    var standing = endpoints.find(name);
    if (standing.isEmpty()) {
      if (!calls.containsKey(name)) {
        attach(request);
      }
    } else if (!standing.get().declared()) {
      report(name, "a call has attached an endpoint of this name; detach it, or rename one");
    } else if (isAsDeclared(standing.get(), request)) {
      problems.remove(name);
    } else {
      follow(standing.get(), request);
    }
  }

  private static boolean isAsDeclared(Endpoint standing, AttachRequest request) {
    return standing.isOf(request) && standing.sticky() == request.sticky();
  }

  private void attach(AttachRequest request) {
    var call = new NodeEvent.AttachRequested(--numbers, request);
    calls.put(request.endpoint(), call);
    endpoints.attach(call);
  }

  /** The answer that comes of it is to a call that nobody remembers. */
  private void giveUp(String name) {
    var call = calls.remove(name);
    if (call != null) {
      endpoints.cancel(call);
    }
  }

  /** Changed in place where it stays behind its link and in its network; else taken out first. */
  private void follow(Endpoint standing, AttachRequest request) {
    boolean inPlace =
        standing.network().equals(request.network()) && standing.link().equals(request.link());
    if (!inPlace && endpoints.isDrained()) { // taken out, it could not be attached again
      report(standing.name(), RouteExchange.DRAINED + "; it stays as it was");
      return;
    }
    var outcome =
        inPlace ? endpoints.change(standing, request) : endpoints.check(standing, request);
    switch (outcome) {
      case Attachments.Checked.Rejected(var refusal) ->
          report(standing.name(), refusal.message() + "; it stays as it was");
      case Attachments.Checked.Waits _ ->
          report(standing.name(), "its new addresses are yet to be got from the store");
      case Attachments.Checked.Accepted _ -> {
        problems.remove(standing.name());
        if (!inPlace) {
          endpoints.forget(standing);
          attach(request);
        }
      }
    }
  }

  /** Takes the answers to its calls out of what the node wants done. */
  void hear() {
    for (var reply : effects.takeOwnReplies()) {
      calls.values().stream()
          .filter(call -> call.request() == reply.request())
          .findFirst()
          .ifPresent(call -> answered(call.attach().endpoint(), reply.result()));
    }
  }

  /** One that the kernel refuses is one all the same: the plan goes on trying, and says why. */
  private void answered(String name, AttachResult result) {
    calls.remove(name);
    if (result instanceof AttachResult.Refused refusal && endpoints.find(name).isEmpty()) {
      report(name, refusal.message());
    } else {
      problems.remove(name);
    }
  }

  private void report(String name, String problem) {
    if (!problem.equals(problems.put(name, problem))) {
      effects.report("Endpoint " + name, problem);
    }
  }

  /** When something that was refused is tried again. */
  OptionalLong nextRetry() {
    return problems.isEmpty() ? OptionalLong.empty() : OptionalLong.of(retryAt);
  }

  /** What is declared and is not so, with the reason. */
  List<WaitingView> waiting() {
    var waiting = new ArrayList<WaitingView>();
    wanted.forEach(
        (name, request) -> {
          var reason = problems.get(name);
          var missing = reason == null ? endpoints.missing(name).orElse("") : reason;
          if (!missing.isEmpty()) {
            waiting.add(new WaitingView(name, request.network(), request.link(), missing));
          } else if (endpoints.find(name).isEmpty()) {
            waiting.add(new WaitingView(name, request.network(), request.link(), NOT_YET));
          }
        });
    for (var standing : endpoints.all()) {
      var reason = problems.get(standing.name());
      if (reason != null && !wanted.containsKey(standing.name())) {
        waiting.add(new WaitingView(standing.name(), standing.network(), standing.link(), reason));
      }
    }
    return waiting;
  }
}
