package io.weft.simulation;

import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;

/**
 * Something that is done to a cluster from outside, with its end where it has one. One that cannot
 * be done any more does nothing.
 */
sealed interface ClusterAct {
  /** A pod comes; {@code network} from 0. One whose name begins with {@code vm} claims. */
  record Come(String pod, int node, int network) implements ClusterAct {}

  /** A pod goes. */
  record Go(String pod) implements ClusterAct {}

  /** The API server does not answer. */
  record ApiAway(long millis) implements ClusterAct {}

  /** The watch of a node or controller tells of things later. */
  record Stale(String process, long lagMillis, long millis) implements ClusterAct {}

  /** The watch of a node or controller is told 410 Gone. */
  record Expire(String process) implements ClusterAct {}

  /** Someone else writes to every network. */
  record Touch() implements ClusterAct {}

  /** A controller dies, and another starts. */
  record CrashController(String controller, long millis) implements ClusterAct {}

  /** An agent dies, and another starts, with the copy of the API that the former kept or none. */
  record CrashNode(String node, boolean copy, long millis) implements ClusterAct {}

  /**
   * A node is without power: its kernel is empty after that, its copy of the API is on its disk.
   */
  record Power(String node, long millis) implements ClusterAct {}

  /** The wall clock of a controller jumps, forwards or back. */
  record Jump(String controller, long millis) implements ClusterAct {}

  /** The user makes a network, or changes it; no VNI: any will do. */
  record Ask(String network, Optional<Vni> vni) implements ClusterAct {}

  /** The user removes a network. */
  record Remove(String network) implements ClusterAct {}

  /** One line of a script; {@link #parse} reads it. */
  default String text() {
    return switch (this) {
      case Come(var pod, int node, int network) -> "come " + pod + " n" + node + " net" + network;
      case Go(var pod) -> "go " + pod;
      case ApiAway(long millis) -> "api-away " + millis;
      case Stale(var process, long lag, long millis) ->
          "stale " + process + " " + lag + " " + millis;
      case Expire(var process) -> "expire " + process;
      case Touch() -> "touch";
      case CrashController(var controller, long millis) ->
          "crash-controller " + controller + " " + millis;
      case CrashNode(var node, boolean copy, long millis) ->
          "crash-node " + node + (copy ? " copy " : " empty ") + millis;
      case Power(var node, long millis) -> "power " + node + " " + millis;
      case Jump(var controller, long millis) -> "jump " + controller + " " + millis;
      case Ask(var network, var vni) ->
          "ask " + network + " " + vni.map(Vni::toString).orElse("any");
      case Remove(var network) -> "remove " + network;
    };
  }

  /**
   * Reads what {@link #text} wrote.
   *
   * @throws IllegalArgumentException when it is none; the message says why
   */
  static ClusterAct parse(List<String> words) {
    var name = words.getFirst();
    int wanted =
        switch (name) {
          case "touch" -> 0;
          case "go", "api-away", "expire", "remove" -> 1;
          case "crash-controller", "power", "jump", "ask" -> 2;
          case "come", "stale", "crash-node" -> 3;
          default -> throw new IllegalArgumentException("there is no '" + name + "'");
        };
    if (words.size() - 1 != wanted) {
      throw new IllegalArgumentException(
          "'%s' takes %d words, not %d".formatted(name, wanted, words.size() - 1));
    }
    return switch (name) {
      case "come" ->
          new Come(words.get(1), Act.number(words.get(2), "n"), Act.number(words.get(3), "net"));
      case "go" -> new Go(words.get(1));
      case "api-away" -> new ApiAway(Long.parseLong(words.get(1)));
      case "stale" ->
          new Stale(words.get(1), Long.parseLong(words.get(2)), Long.parseLong(words.get(3)));
      case "expire" -> new Expire(words.get(1));
      case "crash-controller" -> new CrashController(words.get(1), Long.parseLong(words.get(2)));
      case "crash-node" ->
          new CrashNode(words.get(1), isCopy(words.get(2)), Long.parseLong(words.get(3)));
      case "power" -> new Power(words.get(1), Long.parseLong(words.get(2)));
      case "jump" -> new Jump(words.get(1), Long.parseLong(words.get(2)));
      case "ask" -> new Ask(words.get(1), vni(words.get(2)));
      case "remove" -> new Remove(words.get(1));
      default -> new Touch();
    };
  }

  private static boolean isCopy(String word) {
    if (!List.of("copy", "empty").contains(word)) {
      throw new IllegalArgumentException("'" + word + "' is neither 'copy' nor 'empty'");
    }
    return word.equals("copy");
  }

  private static Optional<Vni> vni(String word) {
    return word.equals("any") ? Optional.empty() : Optional.of(new Vni(Integer.parseInt(word)));
  }
}
