package io.weft.simulation;

import io.weft.net.Ipv4Address;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.List;

/**
 * Something that is done to a fabric from outside, with its end where it has one: what a crash or a
 * cut needs to be made good is a part of it, so that a script stays sensible without its other
 * lines. One that cannot be done any more, because what it is done to is not there, does nothing.
 */
sealed interface Act {
  /** A node that is down at first starts; those without this start at once. */
  record Start(String node) implements Act {}

  /** A pod comes; {@code network} from 0. */
  record Create(String pod, int node, int network, Ipv4Address ip) implements Act {
    static Create of(Pods.Pod pod) {
      return new Create(pod.name(), pod.node(), pod.network(), pod.ip());
    }
  }

  /** A pod goes. */
  record Remove(String pod) implements Act {}

  /** A pod moves and is in both places for a while. */
  record Move(String pod, int node, long overlapMillis) implements Act {}

  /** A pod's interface vanishes, and nobody says a word. */
  record Kill(String pod) implements Act {}

  /** A node or reflector dies and comes back. */
  record Crash(String machine, long millis) implements Act {}

  /** Nothing passes between two machines. */
  record Cut(String one, String other, long millis) implements Act {}

  /** Someone else removes an object from a kernel. */
  record Lose(String node, ForwardingKey key) implements Act {}

  /** A kernel refuses to make one kind of object. */
  record Refuse(String node, Kind kind, long millis) implements Act {}

  /** One line of a script; {@link #parse} reads it. */
  default String text() {
    return switch (this) {
      case Start(var node) -> "start " + node;
      case Create(var pod, int node, int network, var ip) ->
          "create " + pod + " n" + node + " net" + network + " " + ip;
      case Remove(var pod) -> "remove " + pod;
      case Move(var pod, int node, long millis) -> "move " + pod + " n" + node + " " + millis;
      case Kill(var pod) -> "kill " + pod;
      case Crash(var machine, long millis) -> "crash " + machine + " " + millis;
      case Cut(var one, var other, long millis) -> "cut " + one + " " + other + " " + millis;
      case Lose(var node, var key) ->
          "lose %s %s %s %d %s"
              .formatted(
                  node,
                  key.kind(),
                  orDash(key.namespace()),
                  key.vni(),
                  orDash(key.discriminator()));
      case Refuse(var node, var kind, long millis) -> "refuse " + node + " " + kind + " " + millis;
    };
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  private static String unlessDash(String text) {
    return text.equals("-") ? "" : text;
  }

  /**
   * Reads what {@link #text} wrote, in words.
   *
   * @throws IllegalArgumentException for anything else, with the reason
   */
  static Act parse(List<String> words) {
    int wanted =
        switch (words.getFirst()) {
          case "start", "remove", "kill" -> 2;
          case "crash" -> 3;
          case "move", "cut", "refuse" -> 4;
          case "create" -> 5;
          case "lose" -> 6;
          default -> throw new IllegalArgumentException("there is no '" + words.getFirst() + "'");
        };
    if (words.size() != wanted) {
      throw new IllegalArgumentException(
          "'%s' takes %d words, not %d".formatted(words.getFirst(), wanted - 1, words.size() - 1));
    }
    var what = words.get(1);
    return switch (words.getFirst()) {
      case "start" -> new Start(what);
      case "create" ->
          new Create(
              what,
              number(words.get(2), "n"),
              number(words.get(3), "net"),
              Ipv4Address.parse(words.get(4)));
      case "remove" -> new Remove(what);
      case "move" -> new Move(what, number(words.get(2), "n"), Long.parseLong(words.get(3)));
      case "kill" -> new Kill(what);
      case "crash" -> new Crash(what, Long.parseLong(words.get(2)));
      case "cut" -> new Cut(what, words.get(2), Long.parseLong(words.get(3)));
      case "refuse" -> new Refuse(what, Kind.valueOf(words.get(2)), Long.parseLong(words.get(3)));
      default ->
          new Lose(
              what,
              new ForwardingKey(
                  Kind.valueOf(words.get(2)),
                  unlessDash(words.get(3)),
                  Integer.parseInt(words.get(4)),
                  unlessDash(words.get(5))));
    };
  }

  private static int number(String word, String before) {
    if (!word.startsWith(before)) {
      throw new IllegalArgumentException(
          "'" + word + "' is not '" + before + "' with a number behind it");
    }
    return Integer.parseInt(word.substring(before.length()));
  }
}
