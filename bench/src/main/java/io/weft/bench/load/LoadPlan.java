package io.weft.bench.load;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What is put on a reflector.
 *
 * @param senders iBGP clients that announce, 1..250; each has an equal share of the routes
 * @param receivers iBGP clients that only listen, 1..10,000
 * @param routes MAC/IP routes in all
 * @param shape how they are put into UPDATEs
 * @param probes routes that are announced one at a time afterwards, with the table loaded
 * @param closing true: at the end the first sender closes its connection
 * @param idleSeconds how long the sessions then do nothing
 */
public record LoadPlan(
    int senders,
    int receivers,
    int routes,
    Shape shape,
    int probes,
    boolean closing,
    int idleSeconds) {
  /** How routes are put into UPDATEs. */
  public enum Shape {
    /** As many as fit into 4096 octets. */
    PACKED,

    /** One in each, all of a network with the same attributes. */
    SINGLE,

    /** One in each, every one with another MAC mobility sequence number (RFC 7432 §7.7). */
    DISTINCT
  }

  /** The first of a sender's routes; that of the sender after the last is the end. */
  int firstOf(int sender) {
    return (int) ((long) routes * sender / senders);
  }

  /** Routes and probes: one number each. */
  int numbers() {
    return routes + probes;
  }

  /** The addresses of all clients. */
  public List<String> clients() {
    return Stream.concat(
            IntStream.range(0, senders).mapToObj(LoadPlan::senderAddress),
            IntStream.range(0, receivers).mapToObj(LoadPlan::receiverAddress))
        .toList();
  }

  static String senderAddress(int index) {
    return "127.0.1." + (index + 1);
  }

  static String receiverAddress(int index) {
    return "127.0." + (2 + index / 250) + "." + (index % 250 + 1);
  }
}
