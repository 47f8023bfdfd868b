package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.MulticastChannel;
import java.util.List;
import java.util.Optional;

/**
 * Something that is done to a fabric from outside, with its end where it has one: what a crash or a
 * cut needs to be made good is a part of it, so that a script stays sensible without its other
 * lines. One that cannot be done any more, because what it is done to is not there, does nothing.
 */
sealed interface Act {
  /** Of a line, where its last one is a single word. */
  int MOST_WORDS = 6;

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

  /** Nothing passes from one machine to another; the other way all does. */
  record CutWay(String from, String to, long millis) implements Act {}

  /** What passes between two machines is lost, so many in a hundred, or takes longer. */
  record Degrade(String one, String other, int lossPercent, long delayMillis, long millis)
      implements Act {}

  /** The connections between two machines break. */
  record Reset(String one, String other) implements Act {}

  /** A machine takes so much longer for each thing that comes. */
  record Slow(String machine, long stepMillis, long millis) implements Act {}

  /** A process does not run. */
  record Pause(String machine, long millis) implements Act {}

  /** The clock of a process jumps forwards. */
  record Jump(String machine, long millis) implements Act {}

  /** A machine is without power, and its kernel is empty after that. */
  record Power(String machine, long millis) implements Act {}

  /** Someone else alters an object in a kernel, as {@link Alterations#altered} says. */
  record Alter(String node, ForwardingKey key) implements Act {}

  /** Someone else puts an object into a kernel, as {@link Alterations#planted} says. */
  record Plant(String node, ForwardingKey key) implements Act {}

  /** A kernel says nothing of what others do. */
  record Deafen(String node, long millis) implements Act {}

  /** A pod is in another place as well for a while, and stays where it is. */
  record Visit(String pod, int node, long millis) implements Act {}

  /** Another pod with the address of this one, and another MAC, is on a node for a while. */
  record Twin(String pod, int node, long millis) implements Act {}

  /** A node has the VTEP address that the node of this number has, if there is one. */
  record Vtep(String node, int number, long millis) implements Act {}

  /** A part of a network's intent gets another version; nodes hear of it one after the other. */
  record Intend(FabricIntent.Part part, int network, int version, long spreadMillis)
      implements Act {}

  /** A pod joins a multicast group, from anywhere or from one source. */
  record Join(String pod, MulticastChannel channel) implements Act {}

  /** It leaves it. */
  record Leave(String pod, MulticastChannel channel) implements Act {}

  /** A host that nobody announces comes behind the port of a pod, and is heard there. */
  record Hear(String host, String pod) implements Act {}

  /** A peer of another make talks with all reflectors for a while. */
  record Stranger(boolean malformed, long millis) implements Act {}

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
      case Lose(var node, var key) -> "lose " + node + " " + text(key);
      case Refuse(var node, var kind, long millis) -> "refuse " + node + " " + kind + " " + millis;
      case Intend(var part, int network, int version, long spread) ->
          "intend " + part + " net" + network + " " + version + " " + spread;
      case Join(var pod, var channel) -> "join " + pod + " " + text(channel);
      case Leave(var pod, var channel) -> "leave " + pod + " " + text(channel);
      case Hear(var host, var pod) -> "hear " + host + " " + pod;
      case Stranger(boolean malformed, long millis) ->
          "stranger " + (malformed ? "malformed " : "hostile ") + millis;
      case CutWay(var from, var to, long millis) -> "cut-way " + from + " " + to + " " + millis;
      case Degrade(var one, var other, int loss, long delay, long millis) ->
          "degrade " + one + " " + other + " " + loss + " " + delay + " " + millis;
      case Reset(var one, var other) -> "reset " + one + " " + other;
      case Slow(var machine, long step, long millis) ->
          "slow " + machine + " " + step + " " + millis;
      case Pause(var machine, long millis) -> "pause " + machine + " " + millis;
      case Jump(var machine, long millis) -> "jump " + machine + " " + millis;
      case Power(var machine, long millis) -> "power " + machine + " " + millis;
      case Alter(var node, var key) -> "alter " + node + " " + text(key);
      case Plant(var node, var key) -> "plant " + node + " " + text(key);
      case Deafen(var node, long millis) -> "deafen " + node + " " + millis;
      case Visit(var pod, int node, long millis) -> "visit " + pod + " n" + node + " " + millis;
      case Twin(var pod, int node, long millis) -> "twin " + pod + " n" + node + " " + millis;
      case Vtep(var node, int number, long millis) -> "vtep " + node + " n" + number + " " + millis;
    };
  }

  private static String text(ForwardingKey key) {
    return "%s %s %d %s"
        .formatted(key.kind(), orDash(key.namespace()), key.vni(), orDash(key.discriminator()));
  }

  private static String text(MulticastChannel channel) {
    return channel.group() + " " + channel.source().map(IpAddress::toString).orElse("-");
  }

  private static MulticastChannel channel(List<String> words) {
    var source = Optional.of(unlessDash(words.get(3))).filter(text -> !text.isEmpty());
    return new MulticastChannel(IpAddress.parse(words.get(2)), source.map(IpAddress::parse));
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
          case "crash", "reset", "pause", "jump", "power", "deafen", "stranger", "hear" -> 3;
          case "move",
              "cut",
              "cut-way",
              "refuse",
              "slow",
              "visit",
              "twin",
              "vtep",
              "join",
              "leave" ->
              4;
          case "create", "intend" -> 5;
          case "lose", "alter", "plant", "degrade" -> 6;
          default -> throw new IllegalArgumentException("there is no '" + words.getFirst() + "'");
        };
    boolean fits = wanted == MOST_WORDS ? words.size() >= wanted : words.size() == wanted;
    if (!fits) { // what tells one row from others may be two words
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
      case "visit" -> new Visit(what, number(words.get(2), "n"), Long.parseLong(words.get(3)));
      case "twin" -> new Twin(what, number(words.get(2), "n"), Long.parseLong(words.get(3)));
      case "vtep" -> new Vtep(what, number(words.get(2), "n"), Long.parseLong(words.get(3)));
      case "kill" -> new Kill(what);
      case "reset" -> new Reset(what, words.get(2));
      case "crash" -> new Crash(what, Long.parseLong(words.get(2)));
      case "pause" -> new Pause(what, Long.parseLong(words.get(2)));
      case "jump" -> new Jump(what, Long.parseLong(words.get(2)));
      case "power" -> new Power(what, Long.parseLong(words.get(2)));
      case "deafen" -> new Deafen(what, Long.parseLong(words.get(2)));
      case "cut" -> new Cut(what, words.get(2), Long.parseLong(words.get(3)));
      case "cut-way" -> new CutWay(what, words.get(2), Long.parseLong(words.get(3)));
      case "slow" -> new Slow(what, Long.parseLong(words.get(2)), Long.parseLong(words.get(3)));
      case "degrade" ->
          new Degrade(
              what,
              words.get(2),
              Integer.parseInt(words.get(3)),
              Long.parseLong(words.get(4)),
              Long.parseLong(words.get(5)));
      case "refuse" -> new Refuse(what, Kind.valueOf(words.get(2)), Long.parseLong(words.get(3)));
      case "intend" ->
          new Intend(
              FabricIntent.Part.parse(what),
              number(words.get(2), "net"),
              Integer.parseInt(words.get(3)),
              Long.parseLong(words.get(4)));
      case "hear" -> new Hear(what, words.get(2));
      case "join" -> new Join(what, channel(words));
      case "leave" -> new Leave(what, channel(words));
      case "stranger" -> new Stranger(what.equals("malformed"), Long.parseLong(words.get(2)));
      case "alter" -> new Alter(what, key(words));
      case "plant" -> new Plant(what, key(words));
      default -> new Lose(what, key(words));
    };
  }

  private static ForwardingKey key(List<String> words) {
    return new ForwardingKey(
        Kind.valueOf(words.get(2)),
        unlessDash(words.get(3)),
        Integer.parseInt(words.get(4)),
        unlessDash(String.join(" ", words.subList(MOST_WORDS - 1, words.size()))));
  }

  /** The number behind a word, such as that of {@code n12}. */
  static int number(String word, String before) {
    if (!word.startsWith(before)) {
      throw new IllegalArgumentException(
          "'" + word + "' is not '" + before + "' with a number behind it");
    }
    return Integer.parseInt(word.substring(before.length()));
  }
}
